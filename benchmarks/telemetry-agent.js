// An agent in-process with two listeners: FIRST_PORT as without telemetry, SECOND_PORT as with it. At SIGUSR2 telemetry
// to a dead collector begins. Usage: node telemetry-agent.js ARTIFACT IDENTITY FIRST_PORT SECOND_PORT watched|plain

import { readFileSync } from "node:fs";
import { createAgent } from "@clef-sh/core";
import { createRouter } from "@clef-sh/router";
import { listen } from "@clef-sh/router/node";
import { createTelemetry } from "@clef-sh/telemetry";
import { TOKEN } from "./suite/variants.js";

const [, , path = "", identity = "", firstPort, secondPort, kind] = process.argv;
/** @type {import("@clef-sh/telemetry").Telemetry | undefined} */
let telemetry;
const agent = await createAgent({
	source: { kind: "file", path },
	decryptor: { ageIdentities: readFileSync(identity, "utf8") },
	onEvent: (event) => telemetry?.write(event),
	onMeasurement: (measurement) => telemetry?.write(measurement),
});
const router = createRouter(agent, { token: TOKEN });
await listen(router, { port: Number(firstPort) });
/** @param {import("@clef-sh/router/node").ServedRequest} request */
const onRequest = (request) => telemetry?.request(request);
await listen(router, { port: Number(secondPort), ...(kind === "watched" && { onRequest }) });

process.on("SIGUSR2", () => {
	telemetry = createTelemetry({
		url: "http://127.0.0.1:9",
		serviceVersion: "0.0.0",
		instanceId: "benchmark",
		env: {},
		secrets: async () => agent.secrets(),
		observe: () => ({ state: "ready", ageSeconds: 1, expiresInSeconds: undefined, ttlSeconds: 300 }),
		onProblem: () => undefined,
	});
	void agent.refresh();
});
