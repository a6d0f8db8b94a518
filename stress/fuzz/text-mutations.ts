import type { Dice } from "./dice.js";

/** What a text may hold that somebody downstream might trip over; all of it is told from plain text. */
const ODD_CHARACTERS = [
	"\0",
	"\n",
	"\r\n",
	"\t",
	"\u001b[2J",
	"\u007f",
	"\u0085",
	"\u009b",
	"\u2028",
	"\u2029",
	"\u202e",
	"\u200b",
	"\ufeff",
	"\ud800",
	"\udc00",
	"é",
	"e\u0301",
	"\u{1f511}",
	"ﬁ",
	"İ",
	" ",
	'"',
	"\\",
];

/** Other spellings of base64 that a lenient decoder reads as the same bytes, and some it does not. */
const SLOPPY_BASE64: readonly ((text: string, dice: Dice) => string)[] = [
	(text) => text.replaceAll("+", "-").replaceAll("/", "_"),
	(text) => text.replace(/=+$/, ""),
	(text) => `${text}=`,
	(text) => `${text}====`,
	(text) => text.replace(/.{64}/g, "$&\n"),
	(text, dice) => insertAt(text, dice, dice.pick([" ", "\n", "\t", "=", "*", "\0", "%2B"])),
	(text) => ` ${text}`,
	(text, dice) => withSpareBits(text, dice),
	(text) => swapCase(text),
	(text) => Buffer.from(text, "base64").toString("hex"),
	(text) => text.slice(0, -1),
	(text) => text.slice(4),
	(text, dice) => withSwappedByte(text, dice),
];

/** Puts an odd character somewhere into a text. */
export function withOddCharacter(text: string, dice: Dice): string {
	return insertAt(text, dice, dice.pick(ODD_CHARACTERS));
}

/** Writes base64 in a way that is not the canonical one, or as that of other bytes. */
export function sloppyBase64(text: string, dice: Dice): string {
	return dice.pick(SLOPPY_BASE64)(text, dice);
}

/** Base64 of the same bytes, but for one. */
export function withSwappedByte(text: string, dice: Dice): string {
	const bytes = Buffer.from(text, "base64");
	const at = dice.below(bytes.length);
	if (at < bytes.length) bytes[at] = bytes.readUInt8(at) ^ (1 + dice.below(255));
	return bytes.toString("base64");
}

/** Upper case becomes lower case and the other way round. */
export function swapCase(text: string): string {
	return text.replace(/[a-z]/gi, (letter) => (letter < "a" ? letter.toLowerCase() : letter.toUpperCase()));
}

/** JSON text for the same text, with some of its characters as escapes. */
export function escapedJson(text: string, dice: Dice): string {
	const characters = text.replace(/[\s\S]/g, (character) => {
		if (!dice.chance(0.1)) return JSON.stringify(character).slice(1, -1);
		return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
	});
	return `"${characters}"`;
}

function insertAt(text: string, dice: Dice, part: string): string {
	const at = dice.below(text.length + 1);
	return text.slice(0, at) + part + text.slice(at);
}

/** The bits of the last character that stand for no byte are set. */
function withSpareBits(text: string, dice: Dice): string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const end = text.replace(/=+$/, "").length - 1;
	return text.slice(0, end) + dice.pick([...alphabet]) + text.slice(end + 1);
}
