// Requests per second with telemetry to a collector that is dead, to one that takes everything, and with Prometheus
// metrics, each beside none, by turns. Usage: node telemetry.js

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentOn, alternate, CONNECTIONS, packSecrets, printRatios } from "./side-by-side.js";

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
const collector = createServer((request, response) => {
	request
		.resume()
		.on("end", () => response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end());
});
await once(collector.listen(0, "127.0.0.1"), "listening");
const address = /** @type {import("node:net").AddressInfo} */ (collector.address());
try {
	const packed = packSecrets(folder, 20);
	/** @type {readonly [string, Record<string, string>][]} */
	const kinds = [
		["a dead collector", { CLEF_AGENT_TELEMETRY_URL: "http://127.0.0.1:9" }],
		["a live collector", { CLEF_AGENT_TELEMETRY_URL: `http://127.0.0.1:${address.port}` }],
		["Prometheus metrics", { CLEF_AGENT_METRICS: "prometheus" }],
	];
	let port = 24_000;
	for (const [title, env] of kinds) {
		const without = /** @type {const} */ ({ ...agentOn(packed), name: "other" });
		const { starts, requests } = await alternate([agentOn(packed, env), without], port);
		printRatios(
			`GET /v1/secrets, ${title}, ${CONNECTIONS} connections`,
			requests,
			"none",
			"higher is better",
		);
		printRatios(`start to first 200, ${title}`, starts, "none", "lower is better");
		port += 100;
	}
} finally {
	collector.close();
	collector.closeAllConnections();
	rmSync(folder, { recursive: true, force: true });
}
