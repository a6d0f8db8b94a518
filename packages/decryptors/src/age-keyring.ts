import type { Decrypter } from "age-encryption";
import { type AgeIdentity, parseAgeIdentities } from "./age-identity.js";
import { DecryptError } from "./decrypt-error.js";
import { importAgeIdentity } from "./import-age-identity.js";
import { inTurns } from "./turns.js";

/**
 * The identities of one key file, tried in its order.
 *
 * They and the age library are imported once, by the first use; after that the text is forgotten.
 */
export class AgeKeyring {
	#identities: readonly AgeIdentity[];
	#decrypter: Promise<Decrypter> | undefined;

	/** Takes the content of a key file; throws `DECRYPT_NO_IDENTITY` when a line of it is no identity. */
	constructor(keyFile: string) {
		this.#identities = parseAgeIdentities(keyFile);
	}

	/** Rejects with `DECRYPT_NO_IDENTITY` when a checksum is wrong. */
	async import(): Promise<void> {
		await this.#imported();
	}

	/**
	 * Opens a binary age file; the caller owns the bytes.
	 *
	 * Rejects with `DECRYPT_NO_IDENTITY` when no identity fits, and with `DECRYPT_AUTHENTICATION_FAILED` when one
	 * does and the file is damaged.
	 */
	async open(file: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
		const decrypter = await this.#imported();
		const chunks: Uint8Array[] = [];
		try {
			// A stream instead of bytes makes the library hand out its chunks, which can then be wiped.
			for await (const chunk of await decrypter.decrypt(inTurns(file))) {
				chunks.push(chunk);
				signal.throwIfAborted();
			}
			return concatenate(chunks);
		} catch (error) {
			throw asDecryptError(error, signal);
		} finally {
			for (const chunk of chunks) chunk.fill(0);
		}
	}

	#imported(): Promise<Decrypter> {
		this.#decrypter ??= loadDecrypter(this.#identities);
		this.#identities = [];
		return this.#decrypter;
	}
}

async function loadDecrypter(identities: readonly AgeIdentity[]): Promise<Decrypter> {
	const [age, ...keys] = await Promise.all([
		import("age-encryption"),
		...identities.map((identity) => importAgeIdentity(identity)),
	]);
	const decrypter = new age.Decrypter();
	for (const key of keys) decrypter.addIdentity(key);
	// Asked last, so being asked at all means that no identity before it matched: the library's own errors
	// do not tell this apart from a damaged file.
	decrypter.addIdentity({
		unwrapFileKey: () => {
			throw noneMatched(keys.length);
		},
	});
	return decrypter;
}

function noneMatched(count: number): DecryptError {
	const tried = count === 1 ? "The age identity does not open" : `None of the ${count} age identities opens`;
	return new DecryptError(
		"DECRYPT_NO_IDENTITY",
		`${tried} this artifact; pack it for the recipient that belongs to this agent's key.`,
	);
}

function asDecryptError(error: unknown, signal: AbortSignal): unknown {
	if (signal.aborted) return signal.reason;
	if (error instanceof DecryptError) return error;
	return new DecryptError(
		"DECRYPT_AUTHENTICATION_FAILED",
		"The ciphertext is damaged, cut short or forged; pack it again.",
		{ cause: error },
	);
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
	let offset = 0;
	for (const chunk of chunks) {
		whole.set(chunk, offset);
		offset += chunk.length;
	}
	return whole;
}
