import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { type SealedFields, type SealOptions, sealFields, signFields } from "./artifacts.js";

/** An envelope as it stands in an artifact's JSON. */
export interface EnvelopeFields {
	readonly provider: string;
	readonly keyId: string;
	readonly wrappedKey: string;
	readonly algorithm: string;
	readonly iv: string;
	readonly authTag: string;
}

/** What {@link sealEnvelope} needs besides what any artifact has. */
export interface EnvelopeOptions extends Omit<SealOptions, "recipient"> {
	readonly provider: string;
	readonly keyId: string;

	/** Wraps the 32 bytes of the data key, as the KMS would. */
	readonly wrap: (dataKey: Uint8Array) => Uint8Array | Promise<Uint8Array>;

	/** `SYMMETRIC_DEFAULT` when absent. */
	readonly algorithm?: string;

	/** Replaces fields of the finished envelope before it is signed. */
	readonly tamper?: Partial<EnvelopeFields>;
}

/** Makes an artifact under a KMS by the published format alone, sharing no code with what it tests. */
export async function sealEnvelopeFields(options: EnvelopeOptions): Promise<SealedFields> {
	const { provider, keyId, wrap, algorithm = "SYMMETRIC_DEFAULT", tamper, signingKey, ...rest } = options;
	const { secrets = { KEY: "value" } } = rest;
	const dataKey = randomBytes(32);
	const iv = randomBytes(12);
	const cipher = createCipheriv("aes-256-gcm", dataKey, iv);
	const plaintext = typeof secrets === "string" ? secrets : JSON.stringify(secrets);
	const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]).toString("base64");
	const envelope = {
		provider,
		keyId,
		wrappedKey: Buffer.from(await wrap(dataKey)).toString("base64"),
		algorithm,
		iv: iv.toString("base64"),
		authTag: cipher.getAuthTag().toString("base64"),
		...tamper,
	};
	const fields = {
		...(await sealFields({ ...rest, secrets: {}, signingKey: false })),
		ciphertextHash: createHash("sha256").update(ciphertext).digest("hex"),
		ciphertext,
		envelope,
	};
	return signingKey === false ? fields : signFields(fields, signingKey);
}

/** {@link sealEnvelopeFields} as the bytes a source would deliver. */
export async function sealEnvelope(options: EnvelopeOptions): Promise<Buffer> {
	return Buffer.from(JSON.stringify(await sealEnvelopeFields(options)));
}
