// Makes the zip of a layer, the same bytes wherever and whenever it is made.

import { zipSync } from "fflate";

/** A file of a layer. @typedef {{ bytes: Uint8Array, executable?: boolean }} LayerFile */

/** Lambda counts in these: its refusals speak of 262144000 bytes where its manual says 250 MB. */
export const MB = 1024 * 1024;
/** A larger zip can only be published by way of an S3 bucket. */
export const ZIPPED_LIMIT_MB = 50;
/** The limit for the function and all of its layers together. */
export const UNZIPPED_LIMIT_MB = 250;

const REGULAR_FILE = 0o100000;
const UNIX = 3;
/** Level 9 takes twice as long and saves 0.1 %. */
const LEVEL = 6;

/**
 * Zips these files: sorted, with a fixed time, and with the modes they are to have once unpacked.
 * @param {ReadonlyMap<string, LayerFile>} files
 * @returns {Uint8Array}
 */
export function zipped(files) {
	const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
	/** @type {import("fflate").Zippable} */
	const entries = Object.fromEntries(
		sorted.map(([path, { bytes, executable }]) => {
			const mode = REGULAR_FILE | (executable ? 0o755 : 0o644);
			// Unix modes are the upper half of the attributes. Multiplied, as a shift would make them negative.
			return [path, [bytes, { os: UNIX, attrs: mode * 0x10000 }]];
		}),
	);
	// A zip holds local times: this date without a zone is the same bytes in every zone.
	return zipSync(entries, { level: LEVEL, mtime: "1980-01-01T00:00:00" });
}

/** The bytes of these files together, which Lambda limits. @param {ReadonlyMap<string, LayerFile>} files */
export function unzippedSize(files) {
	return [...files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
}
