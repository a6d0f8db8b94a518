// Artifacts to serve, each in a folder of its own.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packSecrets } from "../side-by-side.js";

/** @param {string} folder @param {number} keys */
export function packedIn(folder, keys) {
	const own = join(folder, `${keys}-keys`);
	mkdirSync(own, { recursive: true });
	return packSecrets(own, keys);
}
