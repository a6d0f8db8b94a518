import type { webcrypto } from "node:crypto";
import type { AgeIdentity } from "./age-identity.js";
import { DecryptError } from "./decrypt-error.js";

/** What stands before the 32 bytes of an X25519 private key in PKCS #8, its only binary import format. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/**
 * Turns the text of an identity into what the age library takes: for X25519 a key that cannot be exported, so
 * that no copy of it stays in the heap.
 *
 * The text itself remains for a post-quantum identity, which WebCrypto cannot hold, and where the runtime has no
 * X25519. Throws `DECRYPT_NO_IDENTITY` when the checksum is wrong.
 */
export async function importAgeIdentity(identity: AgeIdentity): Promise<webcrypto.CryptoKey | string> {
	const bytes = await decode(identity);
	try {
		if (identity.text.startsWith("AGE-SECRET-KEY-PQ-")) return identity.text;
		return (await importX25519(bytes)) ?? identity.text;
	} finally {
		bytes.fill(0);
	}
}

async function decode({ line, text }: AgeIdentity): Promise<Uint8Array> {
	const { bech32 } = await import("@scure/base");
	try {
		return bech32.decodeToBytes(text).bytes;
	} catch {
		// Without its cause on purpose: the library's message quotes the private key.
		throw new DecryptError(
			"DECRYPT_NO_IDENTITY",
			`Line ${line} of the age key has a wrong checksum, so a character is mistyped; copy the whole line again.`,
		);
	}
}

async function importX25519(bytes: Uint8Array): Promise<webcrypto.CryptoKey | undefined> {
	const pkcs8 = Buffer.concat([PKCS8_PREFIX, bytes]);
	try {
		return await crypto.subtle.importKey("pkcs8", pkcs8, { name: "X25519" }, false, ["deriveBits"]);
	} catch {
		return undefined;
	} finally {
		pkcs8.fill(0);
	}
}
