import { DecryptError } from "./decrypt-error.js";

/** One private key of a key file, not yet decoded; the text is secret and is kept out of every message. */
export interface AgeIdentity {
	/** Where it stands in the key file, counted from 1. */
	readonly line: number;
	/** `AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`. */
	readonly text: string;
}

/** Prefix, then 32 bytes and a checksum in bech32; both kinds are seeds of the same size. */
const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}$/;

/** What people put into a key file by mistake, most telling first; the text is matched, never shown. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
	[/^age1/i, "is a recipient (a public key); give the identity that starts with AGE-SECRET-KEY-"],
	[
		/^(?:age-encryption\.org\/|-----BEGIN AGE)/,
		"begins an encrypted file; decrypt the key file first and give its content",
	],
	[
		/^AGE-PLUGIN-/i,
		"is a plugin identity, which this agent cannot use; give a native AGE-SECRET-KEY- identity",
	],
	[/^(?:ssh-|-----BEGIN )/, "is not an age key; make one with `clef-agent keygen`"],
	[
		/^AGE-SECRET-KEY-/i,
		"looks like an age identity but is cut short, mistyped or in lower case; copy the whole line again",
	],
];

/**
 * Reads the identities out of the text of an age key file.
 *
 * Blank lines, `#` comments, any line ending and a byte-order mark are allowed; the form of each identity
 * is checked, its checksum is not. Throws `DECRYPT_NO_IDENTITY` that names the line and never its content.
 */
export function parseAgeIdentities(keyFile: string): readonly AgeIdentity[] {
	const identities = keyFile
		.split(/\r\n?|\n/)
		// `trim` also takes a byte-order mark away, which ECMAScript counts as white space.
		.map((line, index) => ({ line: index + 1, text: line.trim() }))
		.filter(({ text }) => text !== "" && !text.startsWith("#"));
	if (identities.length === 0) {
		throw new DecryptError(
			"DECRYPT_NO_IDENTITY",
			"The age key is empty; give a line that starts with AGE-SECRET-KEY-.",
		);
	}
	for (const identity of identities) assertLooksRight(identity);
	return identities;
}

function assertLooksRight({ line, text }: AgeIdentity): void {
	if (IDENTITY.test(text)) return;
	const mistake = MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
	throw new DecryptError(
		"DECRYPT_NO_IDENTITY",
		`Line ${line} of the age key ${mistake ?? "is not an age identity; it should start with AGE-SECRET-KEY-"}.`,
	);
}
