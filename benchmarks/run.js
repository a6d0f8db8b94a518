// Measures the built command against the bare floor, alternating the two in one run, and prints ratios.
// Absolute figures of a shared machine mean nothing and are kept only in results.json.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentOn, alternate, CONNECTIONS, packSecrets, printRatios, scriptOn } from "./side-by-side.js";

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const results = [];
	for (const keys of [20, 500]) results.push(await measure(keys));
	writeFileSync(
		new URL("results.json", import.meta.url),
		JSON.stringify({ node: process.version, results }, null, 2),
	);
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** @param {number} keys */
async function measure(keys) {
	const packed = packSecrets(folder, keys);
	const floor = scriptOn("floor.js", [packed.body]);
	const { starts, requests } = await alternate([agentOn(packed), floor], 21_000 + keys);
	printRatios(`start to first 200, ${keys} keys`, starts, "the bare floor", "lower is better");
	printRatios(
		`GET /v1/secrets, ${keys} keys, ${CONNECTIONS} connections`,
		requests,
		"the bare floor",
		"higher is better",
	);
	return { keys, starts, requests };
}
