import { createCipheriv, createHash } from "node:crypto";

/** The KMS a stand-in plays, and a key id of its own form. */
export const KMS_KEYS = {
	aws: "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
	gcp: "projects/fuzz/locations/europe-west1/keyRings/ring/cryptoKeys/key",
	azure: "https://fuzz.vault.azure.net/keys/key/0123456789abcdef",
} as const;

/** A KMS provider. */
export type Provider = keyof typeof KMS_KEYS;

const ALGORITHMS = { aws: "SYMMETRIC_DEFAULT", gcp: "GOOGLE_SYMMETRIC_ENCRYPTION", azure: "RSA-OAEP-256" };
const IV = Buffer.alloc(12, 0x1d);

/** The data key of everything sealed here: fixed, so that a run's cases follow from its seed alone. */
export const DATA_KEY: Buffer = createHash("sha256").update("the data key of the fuzz runs").digest();

/** What wraps it: each stand-in takes this off again, whatever it is given. */
const WRAPPING = createHash("sha512").update("the wrapping key of the fuzz runs").digest();

/** Wraps a data key, and unwraps one: other bytes give another key, and another length one of that length. */
export function wrapOrUnwrap(key: Uint8Array): Buffer {
	return Buffer.from(key.map((byte, index) => byte ^ WRAPPING.readUInt8(index % WRAPPING.length)));
}

/** The fields of an artifact that depend on how a payload is sealed, for AES-256-GCM under a KMS. */
export function sealUnder(provider: Provider, payload: Uint8Array): Record<string, unknown> {
	const cipher = createCipheriv("aes-256-gcm", DATA_KEY, IV);
	const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()]).toString("base64");
	return {
		ciphertextHash: createHash("sha256").update(ciphertext).digest("hex"),
		ciphertext,
		envelope: {
			provider,
			keyId: KMS_KEYS[provider],
			wrappedKey: wrapOrUnwrap(DATA_KEY).toString("base64"),
			algorithm: ALGORITHMS[provider],
			iv: IV.toString("base64"),
			authTag: cipher.getAuthTag().toString("base64"),
		},
	};
}
