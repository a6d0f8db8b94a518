import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";

/** A file in a zip, with what the zip says about it. */
export interface ZipEntry {
	readonly path: string;
	readonly bytes: Uint8Array;
	/** Type and permissions; only what was made on Unix has them. */
	readonly mode: number;
	/** Local time without a zone, in DOS's encoding: 16 bits of date, 16 bits of time. */
	readonly dosTime: number;
}

const END_LENGTH = 22;
const ENTRY_LENGTH = 46;
const UNIX = 3;

/** Reads a zip without a comment; fflate reads the content, but tells neither modes nor times. */
export function readZip(zip: Uint8Array): ZipEntry[] {
	const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
	const contents = unzipSync(zip);
	const end = zip.length - END_LENGTH;
	if (view.getUint32(end, true) !== 0x06054b50) throw new RangeError("not a zip, or one with a comment");
	const entries: ZipEntry[] = [];
	let at = view.getUint32(end + 16, true);
	for (let left = view.getUint16(end + 10, true); left > 0; left--) {
		const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
		const nameEnd = at + ENTRY_LENGTH + view.getUint16(at + 28, true);
		const path = new TextDecoder().decode(zip.subarray(at + ENTRY_LENGTH, nameEnd));
		const bytes = contents[path];
		if (bytes === undefined) throw new RangeError(`${path} is listed and not there`);
		const mode = zip[at + 5] === UNIX ? view.getUint16(at + 40, true) : 0;
		entries.push({ path, bytes, mode, dosTime: view.getUint32(at + 12, true) });
		at += lengths.reduce((sum, length) => sum + length, ENTRY_LENGTH);
	}
	return entries;
}

/** Unpacks a zip as Lambda does: with the modes it states. */
export function unpackZip(zip: Uint8Array, folder: string): void {
	for (const { path, bytes, mode } of readZip(zip)) {
		const file = join(folder, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, bytes);
		chmodSync(file, mode & 0o777);
	}
}
