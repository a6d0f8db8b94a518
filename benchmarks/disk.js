// Measures what the last-known-good artifact on disk costs: the same agent with and without a cache path, by turns,
// polling every second. Prints ratios.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beside } from "./suite/beside.js";
import { ratiosLine } from "./suite/figures.js";
import { CONNECTIONS } from "./suite/load.js";
import { packedIn } from "./suite/packed.js";
import { agentOn, NPM_COMMAND } from "./suite/variants.js";

const KEYS = 20;
const ROUNDS = 5;
const POLLING_EACH_SECOND = { CLEF_AGENT_CACHE_TTL: "10" };

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const packed = packedIn(folder, KEYS);
	const kept = { ...POLLING_EACH_SECOND, CLEF_AGENT_CACHE_PATH: join(folder, "cache") };
	const withCache = agentOn(NPM_COMMAND, packed, kept);
	const without = agentOn(NPM_COMMAND, packed, POLLING_EACH_SECOND);
	const { starts, requests } = await beside(ROUNDS, withCache, without);
	const words = { reference: "without one", sense: "1 is free" };
	console.log(ratiosLine("start to first 200 with a cache path", starts, words));
	const title = `GET /v1/secrets with a cache path, ${CONNECTIONS} connections`;
	console.log(ratiosLine(title, requests, words));
} finally {
	rmSync(folder, { recursive: true, force: true });
}
