// Measures what the last-known-good artifact on disk costs: the same agent with and without a cache path, by turns,
// polling every second. Prints ratios.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentOn, alternate, CONNECTIONS, packSecrets, printRatios } from "./side-by-side.js";

const KEYS = 20;
const POLLING_EACH_SECOND = { CLEF_AGENT_CACHE_TTL: "10" };

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const packed = packSecrets(folder, KEYS);
	const kept = agentOn(packed, { ...POLLING_EACH_SECOND, CLEF_AGENT_CACHE_PATH: join(folder, "cache") });
	const without = { ...agentOn(packed, POLLING_EACH_SECOND), name: /** @type {const} */ ("other") };
	const { starts, requests } = await alternate([kept, without], 23_000);
	printRatios("start to first 200 with a cache path", starts, "without one", "1 is free");
	printRatios(
		`GET /v1/secrets with a cache path, ${CONNECTIONS} connections`,
		requests,
		"without one",
		"1 is free",
	);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
