// Reads an executable's own description of itself: a build that did not put the agent in must not pass for one.

/** The name under which Node.js looks for what was put in. */
export const RESOURCE = "NODE_SEA_BLOB";
/** Where that is in a Mach-O file. */
const SEGMENT = "NODE_SEA";
const SECTION = `__${RESOURCE}`;
/** A mark in every Node.js, followed by `:1` in one that has something put in. */
export const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

const ELF_MAGIC = 0x7f454c46;
const MACH_O_MAGIC = 0xfeedfacf;
const PT_NOTE = 4;
const LC_SEGMENT_64 = 0x19;

/** @type {Readonly<Record<string, { format: string, machine: number }>>} */
const EXPECTED = {
	"linux-x64": { format: "ELF", machine: 62 },
	"linux-arm64": { format: "ELF", machine: 183 },
	"darwin-x64": { format: "Mach-O", machine: 0x01000007 },
	"darwin-arm64": { format: "Mach-O", machine: 0x0100000c },
};

/**
 * What is wrong with an executable as the standalone binary of this target; undefined when nothing is.
 * @param {string} target
 * @param {Buffer} bytes
 * @returns {string | undefined}
 */
export function structuralProblem(target, bytes) {
	const expected = EXPECTED[target];
	const found = header(bytes);
	if (expected === undefined || found.format !== expected.format || found.machine !== expected.machine)
		return `it is ${found.format} for machine ${found.machine}`;
	if (!(found.format === "ELF" ? hasNote(bytes) : hasSection(bytes))) return `it has no ${RESOURCE}`;
	const fuse = bytes.indexOf(`${FUSE}:1`);
	return fuse === -1 ? "its fuse is not set, so that it would start as a bare Node.js" : undefined;
}

/** @param {Buffer} bytes */
function header(bytes) {
	if (bytes.readUInt32BE(0) === ELF_MAGIC) return { format: "ELF", machine: bytes.readUInt16LE(18) };
	if (bytes.readUInt32LE(0) === MACH_O_MAGIC) return { format: "Mach-O", machine: bytes.readUInt32LE(4) };
	return { format: "no known format", machine: 0 };
}

/** Whether a segment of notes of a 64-bit ELF file holds the one. @param {Buffer} bytes */
function hasNote(bytes) {
	const table = Number(bytes.readBigUInt64LE(32));
	const [size, count] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
	return Array.from({ length: count }, (_, index) => table + index * size)
		.filter((at) => bytes.readUInt32LE(at) === PT_NOTE)
		.map((at) => [Number(bytes.readBigUInt64LE(at + 8)), Number(bytes.readBigUInt64LE(at + 32))])
		.some(([start = 0, length = 0]) => noteNames(bytes.subarray(start, start + length)).includes(RESOURCE));
}

/** Notes follow each other: two lengths and a type, then name and content, each filled up to four bytes. @param {Buffer} notes */
function noteNames(notes) {
	/** @type {string[]} */
	const names = [];
	for (let at = 0; at + 12 <= notes.length; ) {
		const [nameLength, contentLength] = [notes.readUInt32LE(at), notes.readUInt32LE(at + 4)];
		names.push(notes.toString("latin1", at + 12, at + 12 + nameLength - 1));
		at += 12 + filledUp(nameLength) + filledUp(contentLength);
	}
	return names;
}

/** @param {number} length */
function filledUp(length) {
	return Math.ceil(length / 4) * 4;
}

/** Load commands of a 64-bit Mach-O file follow its 32 bytes of header. @param {Buffer} bytes */
function hasSection(bytes) {
	let at = 32;
	for (let left = bytes.readUInt32LE(16); left > 0; left -= 1) {
		if (bytes.readUInt32LE(at) === LC_SEGMENT_64 && name(bytes, at + 8) === SEGMENT)
			// The segment's only section stands right behind its own 72 bytes.
			return bytes.readUInt32LE(at + 64) === 1 && name(bytes, at + 72) === SECTION;
		at += bytes.readUInt32LE(at + 4);
	}
	return false;
}

/** A name of up to 16 bytes, filled up with zeros. @param {Buffer} bytes @param {number} at */
function name(bytes, at) {
	return bytes.toString("latin1", at, at + 16).replace(/\0+$/, "");
}
