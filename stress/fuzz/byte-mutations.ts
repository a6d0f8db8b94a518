import type { Dice } from "./dice.js";

/** Damages bytes; `donor` is another genuine input to take parts from. */
type ByteMutation = (bytes: Buffer, dice: Dice, donor: Buffer) => Buffer;

/** What means something to a JSON or UTF-8 decoder wherever it turns up. */
const TOKENS = [
	'"',
	"\\",
	"{",
	"}",
	"[",
	"]",
	",",
	":",
	"null",
	"-",
	"1e999",
	"\n",
	"\t",
	"\0",
	"\ufeff",
	"\u2028",
	"\\u0000",
	"\\ud800",
	'"__proto__":',
	'"revokedAt":1,',
	"//",
].map((token) => Buffer.from(token));

const MUTATIONS: readonly ByteMutation[] = [
	flipBit,
	flipBit,
	setByte,
	deleteRange,
	insertBytes,
	insertToken,
	insertToken,
	overwriteToken,
	duplicateRange,
	swapBytes,
	splice,
	truncate,
];

/** One random damage. */
export function mutateBytes(bytes: Buffer, dice: Dice, donor: Buffer): Buffer {
	return dice.pick(MUTATIONS)(bytes, dice, donor);
}

/** Half of the time close to a quotation mark: most of an artifact is ciphertext, where all damage is alike. */
function position(bytes: Buffer, dice: Dice): number {
	const anywhere = dice.below(bytes.length);
	if (dice.chance(0.5)) return anywhere;
	const quote = bytes.indexOf(0x22, anywhere);
	return Math.min(bytes.length, Math.max(0, quote + dice.below(13) - 6));
}

function flipBit(bytes: Buffer, dice: Dice): Buffer {
	const changed = Buffer.from(bytes);
	const at = position(bytes, dice);
	if (at < changed.length) changed[at] = changed.readUInt8(at) ^ (1 << dice.below(8));
	return changed;
}

function setByte(bytes: Buffer, dice: Dice): Buffer {
	const changed = Buffer.from(bytes);
	changed[position(bytes, dice)] = dice.below(256);
	return changed;
}

function deleteRange(bytes: Buffer, dice: Dice): Buffer {
	const at = position(bytes, dice);
	return replaceRange(bytes, at, dice.length(bytes.length), []);
}

function insertBytes(bytes: Buffer, dice: Dice): Buffer {
	return replaceRange(bytes, position(bytes, dice), 0, [dice.bytes(dice.length(64))]);
}

function insertToken(bytes: Buffer, dice: Dice): Buffer {
	return replaceRange(bytes, position(bytes, dice), 0, [dice.pick(TOKENS)]);
}

function overwriteToken(bytes: Buffer, dice: Dice): Buffer {
	const token = dice.pick(TOKENS);
	return replaceRange(bytes, position(bytes, dice), token.length, [token]);
}

function duplicateRange(bytes: Buffer, dice: Dice): Buffer {
	const at = position(bytes, dice);
	const part = bytes.subarray(at, at + dice.length(bytes.length));
	return replaceRange(bytes, at, 0, [part]);
}

function swapBytes(bytes: Buffer, dice: Dice): Buffer {
	const changed = Buffer.from(bytes);
	const [one, other] = [position(bytes, dice), position(bytes, dice)];
	changed[one] = bytes[other] ?? 0;
	changed[other] = bytes[one] ?? 0;
	return changed;
}

function splice(bytes: Buffer, dice: Dice, donor: Buffer): Buffer {
	const from = dice.below(donor.length);
	const part = donor.subarray(from, from + dice.length(donor.length));
	return replaceRange(bytes, position(bytes, dice), dice.chance(0.5) ? part.length : 0, [part]);
}

function truncate(bytes: Buffer, dice: Dice): Buffer {
	const at = position(bytes, dice);
	return dice.chance(0.8) ? bytes.subarray(0, at) : bytes.subarray(at);
}

function replaceRange(bytes: Buffer, at: number, length: number, parts: readonly Buffer[]): Buffer {
	return Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(at + length)]);
}
