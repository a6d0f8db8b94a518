import type { VerifiedArtifact } from "@clef-sh/artifact";
import type { Decrypter } from "age-encryption";
import { assertAgeHeader } from "./age-header.js";
import { type AgeIdentity, parseAgeIdentities } from "./age-identity.js";
import { DecryptError } from "./decrypt-error.js";
import type { Decryptor } from "./decryptor.js";

/**
 * Opens artifacts whose ciphertext is a binary age file, trying each identity in the order of the key file.
 *
 * The age library is loaded by the first decryption, so a wrong checksum in the key file shows only then.
 */
export class AgeDecryptor implements Decryptor {
	readonly #identities: readonly AgeIdentity[];
	#decrypter: Promise<Decrypter> | undefined;

	/** Takes the content of a key file; throws `DECRYPT_NO_IDENTITY` when a line of it is no identity. */
	constructor(keyFile: string) {
		this.#identities = parseAgeIdentities(keyFile);
	}

	async decrypt(artifact: VerifiedArtifact, signal: AbortSignal): Promise<Uint8Array> {
		signal.throwIfAborted();
		assertAgeHeader(artifact.ciphertext);
		this.#decrypter ??= loadDecrypter(this.#identities);
		const decrypter = await this.#decrypter;
		const chunks: Uint8Array[] = [];
		try {
			for await (const chunk of await decrypter.decrypt(streamOf(artifact.ciphertext))) {
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
}

async function loadDecrypter(identities: readonly AgeIdentity[]): Promise<Decrypter> {
	const age = await import("age-encryption");
	const decrypter = new age.Decrypter();
	for (const identity of identities) addIdentity(decrypter, identity);
	// Asked last, so being asked at all means that no identity before it matched: the library's own errors
	// do not tell this apart from a damaged file.
	decrypter.addIdentity({
		unwrapFileKey: () => {
			throw noneMatched(identities.length);
		},
	});
	return decrypter;
}

function addIdentity(decrypter: Decrypter, { line, text }: AgeIdentity): void {
	try {
		decrypter.addIdentity(text);
	} catch {
		// Without its cause on purpose: the library's message quotes the private key.
		throw new DecryptError(
			"DECRYPT_NO_IDENTITY",
			`Line ${line} of the age key has a wrong checksum, so a character is mistyped; copy the whole line again.`,
		);
	}
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

/** A stream instead of bytes makes the library hand out its chunks, which can then be wiped. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
	return new ReadableStream({
		start(controller) {
			controller.enqueue(bytes);
			controller.close();
		},
	});
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
