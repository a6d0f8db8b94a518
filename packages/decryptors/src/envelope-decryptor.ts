import { createDecipheriv } from "node:crypto";
import type { VerifiedArtifact } from "@clef-sh/artifact";
import { DecryptError } from "./decrypt-error.js";
import type { Decryptor } from "./decryptor.js";
import type { KeyUnwrapper } from "./key-unwrapper.js";

/** A ciphertext of AES-256-GCM with what opens it besides the key. */
export interface GcmSealed {
	readonly ciphertext: Uint8Array;
	readonly iv: Uint8Array;
	readonly authTag: Uint8Array;
}

const DATA_KEY_BYTES = 32;
const IV_BYTES = 12;
const AUTH_TAG_BYTES = 16;

/** Opens artifacts that are sealed with AES-256-GCM under a data key that a KMS unwraps. */
export class EnvelopeDecryptor implements Decryptor {
	readonly #unwrapper: KeyUnwrapper;

	/** Asks `unwrapper` once for each decryption: no data key is kept. */
	constructor(unwrapper: KeyUnwrapper) {
		this.#unwrapper = unwrapper;
	}

	async decrypt(artifact: VerifiedArtifact, signal: AbortSignal): Promise<Uint8Array> {
		signal.throwIfAborted();
		if (artifact.encryption.kind !== "kms") throw noEnvelope();
		const { keyId, wrappedKey, algorithm, iv, authTag } = artifact.encryption.envelope;
		const key = { keyId, wrappedKey: Buffer.from(wrappedKey, "base64"), algorithm };
		const dataKey = await this.#unwrapper.unwrap(key, signal);
		try {
			signal.throwIfAborted();
			return openGcm(
				{
					ciphertext: artifact.ciphertext,
					iv: Buffer.from(iv, "base64"),
					authTag: Buffer.from(authTag, "base64"),
				},
				dataKey,
			);
		} finally {
			dataKey.fill(0);
		}
	}
}

/** Decrypts and authenticates; every length is checked before the key is used. */
export function openGcm({ ciphertext, iv, authTag }: GcmSealed, dataKey: Uint8Array): Uint8Array {
	if (dataKey.length !== DATA_KEY_BYTES) throw wrongKeyLength(dataKey.length);
	if (iv.length !== IV_BYTES || authTag.length !== AUTH_TAG_BYTES) throw damaged();
	const decipher = createDecipheriv("aes-256-gcm", dataKey, iv, { authTagLength: AUTH_TAG_BYTES });
	decipher.setAuthTag(authTag);
	const plaintext = decipher.update(ciphertext);
	try {
		// A stream cipher has nothing left to give at its end; this only compares the tag.
		decipher.final();
		return plaintext;
	} catch {
		plaintext.fill(0);
		throw damaged();
	}
}

function noEnvelope(): DecryptError {
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		"The artifact has no KMS envelope; it is encrypted with age.",
	);
}

function wrongKeyLength(length: number): DecryptError {
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		`The KMS unwrapped a data key of ${length} bytes instead of ${DATA_KEY_BYTES}; pack the secrets again.`,
	);
}

function damaged(): DecryptError {
	return new DecryptError(
		"DECRYPT_AUTHENTICATION_FAILED",
		"The ciphertext is damaged or forged, or belongs to another data key; pack the secrets again.",
	);
}
