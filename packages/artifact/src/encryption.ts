import { CANONICAL_BASE64, decodeBase64 } from "./base64.js";
import type { Fields, TextRule } from "./fields.js";
import { quote } from "./quote.js";

/** Where a data key can be unwrapped. */
export type KmsProvider = (typeof PROVIDERS)[number];

/** AES-256-GCM under a data key that a KMS unwraps; binary fields are base64 text, which is what is signed. */
export interface KmsEnvelope {
	readonly provider: KmsProvider;
	readonly keyId: string;
	readonly wrappedKey: string;
	readonly algorithm: string;
	/** Base64 of 12 bytes. */
	readonly iv: string;
	/** Base64 of 16 bytes. */
	readonly authTag: string;
}

/** How an artifact's ciphertext is sealed. */
export type Encryption = { readonly kind: "age" } | { readonly kind: "kms"; readonly envelope: KmsEnvelope };

const PROVIDERS = ["aws", "gcp", "azure"] as const;
const IV_BYTES = 12;
const AUTH_TAG_BYTES = 16;

/** Canonical base64 of any length. */
const BASE64: TextRule = {
	accepts: (text) => decodeBase64(text) !== undefined,
	expected: CANONICAL_BASE64,
};

/** Reads the encryption; what is wrong with it is recorded in `fields`, and the result is then not to be used. */
export function readEncryption(fields: Fields): Encryption {
	const envelope = fields.nested("envelope", "incomplete_envelope");
	if (envelope === undefined) return Object.freeze({ kind: "age" });
	return Object.freeze({ kind: "kms", envelope: readEnvelope(envelope) });
}

function readEnvelope(fields: Fields): KmsEnvelope {
	return Object.freeze({
		provider: readProvider(fields),
		keyId: fields.signedText("keyId"),
		wrappedKey: fields.signedText("wrappedKey", BASE64),
		algorithm: fields.signedText("algorithm"),
		iv: fields.signedText("iv", base64Of(IV_BYTES)),
		authTag: fields.signedText("authTag", base64Of(AUTH_TAG_BYTES)),
	});
}

function readProvider(fields: Fields): KmsProvider {
	const name = fields.signedText("provider");
	const known = PROVIDERS.find((provider) => provider === name);
	if (known === undefined && name !== "") {
		fields.refuse("provider", `${quote(name)} is unknown (it is one of ${PROVIDERS.join(", ")})`);
	}
	return known ?? PROVIDERS[0];
}

function base64Of(bytes: number): TextRule {
	return {
		accepts: (text) => decodeBase64(text)?.length === bytes,
		expected: `canonical base64 of ${bytes} bytes`,
	};
}
