// Measures just-in-time serving, where requests that meet share one decryption, against a server that decrypts
// once per request, one after the other. Prints a ratio.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentOn, alternate, CONNECTIONS, packSecrets, printRatios, scriptOn } from "./side-by-side.js";

const KEYS = 20;

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const packed = packSecrets(folder, KEYS);
	const serial = scriptOn("serial-decrypt.js", [packed.artifact, packed.identity]);
	const justInTime = agentOn(packed, { CLEF_AGENT_CACHE_TTL: "0" });
	const { requests } = await alternate([justInTime, serial], 22_000);
	printRatios(
		`GET /v1/secrets just-in-time, ${KEYS} keys, ${CONNECTIONS} connections`,
		requests,
		"one decryption per request",
		"at least 10 is the aim",
	);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
