import { createCipheriv, randomBytes } from "node:crypto";
import type { KmsEnvelope } from "@clef-sh/artifact";
import type { KeyWrapper } from "./key-wrapper.js";

/** A ciphertext and what it takes to open it. */
export interface SealedEnvelope {
	readonly envelope: KmsEnvelope;
	readonly ciphertext: Uint8Array;
}

const DATA_KEY_BYTES = 32;
const IV_BYTES = 12;
const AUTH_TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM under a data key of its own, which is wrapped by the KMS and then wiped.
 *
 * Key and IV are never used again, so neither is an argument. Rejects with what the wrapper rejects with.
 */
export async function sealEnvelope(plaintext: Uint8Array, wrapper: KeyWrapper): Promise<SealedEnvelope> {
	const dataKey = randomBytes(DATA_KEY_BYTES);
	try {
		const { keyId, wrappedKey, algorithm } = await wrapper.wrap(dataKey);
		const iv = randomBytes(IV_BYTES);
		const cipher = createCipheriv("aes-256-gcm", dataKey, iv, { authTagLength: AUTH_TAG_BYTES });
		const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
		const binary = { wrappedKey: base64(wrappedKey), iv: base64(iv), authTag: base64(cipher.getAuthTag()) };
		return { envelope: { provider: wrapper.provider, keyId, algorithm, ...binary }, ciphertext };
	} finally {
		dataKey.fill(0);
	}
}

function base64(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
