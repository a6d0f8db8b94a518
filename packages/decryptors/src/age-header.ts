import { DecryptError } from "./decrypt-error.js";

/** Every stanza costs a key agreement for every identity, so their number bounds the work of one file. */
const MAX_STANZAS = 256;

/** Room for 256 classic recipients or 42 post-quantum ones. */
const MAX_HEADER_BYTES = 65_536;

const INTRODUCTION = "age-encryption.org/v1\n";

/**
 * Refuses an age file that is not worth, or not safe, handing to the library; looks at its header only.
 *
 * Throws `DECRYPT_AUTHENTICATION_FAILED`, or `DECRYPT_NO_IDENTITY` when only a passphrase opens the file.
 */
export function assertAgeHeader(file: Uint8Array): void {
	const text = Buffer.from(
		file.buffer,
		file.byteOffset,
		Math.min(file.byteLength, MAX_HEADER_BYTES),
	).toString("latin1");
	if (!text.startsWith(INTRODUCTION)) throw refused(describeForeign(text));
	const end = text.indexOf("\n--- ");
	if (end < 0 || text.indexOf("\n", end + 1) < 0) throw refused(describeEndless(file));
	assertStanzas(text.slice(0, end).split("\n"));
}

function assertStanzas(lines: readonly string[]): void {
	// A stanza's body is base64, so only its first line can begin with an arrow.
	const stanzas = lines.filter((line) => line.startsWith("-> "));
	if (stanzas.length > MAX_STANZAS) {
		throw refused(
			`is encrypted to ${stanzas.length} recipients, more than the ${MAX_STANZAS} allowed; pack it for fewer`,
		);
	}
	if (stanzas.some((stanza) => /^-> scrypt(?: |$)/.test(stanza))) {
		throw new DecryptError(
			"DECRYPT_NO_IDENTITY",
			"The artifact is encrypted with a passphrase, which an agent cannot enter; pack it for an age recipient.",
		);
	}
}

function describeForeign(text: string): string {
	if (text.startsWith("-----BEGIN AGE")) return "is an armored age file; pack it in the binary form";
	if (text.startsWith("age-encryption.org/"))
		return "is of an age version this agent does not know; pack it again";
	return "is not an age file; pack it again";
}

function describeEndless(file: Uint8Array): string {
	return file.byteLength < MAX_HEADER_BYTES
		? "has an incomplete age header; pack it again"
		: `has an age header over ${MAX_HEADER_BYTES} bytes; pack it for fewer recipients`;
}

function refused(what: string): DecryptError {
	return new DecryptError("DECRYPT_AUTHENTICATION_FAILED", `The ciphertext ${what}.`);
}
