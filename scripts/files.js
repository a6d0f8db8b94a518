// Files of a folder, and what identifies them.

import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";

/**
 * Every regular file below a folder by its path from there, with slashes and sorted; symbolic links are not followed.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesBelow(folder) {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
		.sort();
}

/**
 * The SHA-256 of bytes, hexadecimal.
 * @param {Uint8Array | string} bytes
 */
export function sha256(bytes) {
	return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Writes a file and beside it its hash, as `sha256sum` prints it, so that `sha256sum -c` checks it.
 * @param {string} path
 * @param {Uint8Array} bytes
 * @param {{ mode?: number }} [options]
 */
export function writeWithHash(path, bytes, options) {
	writeFileSync(path, bytes, options);
	writeFileSync(`${path}.sha256`, `${sha256(bytes)}  ${basename(path)}\n`);
}
