import { createHash, createPrivateKey, sign } from "node:crypto";
import { Encrypter } from "age-encryption";
import { vectorKeys } from "./vectors.js";

/** What {@link sealArtifact} puts into an artifact; whatever is left out takes the golden vectors' value. */
export interface SealOptions {
	/** Any JSON value, right or wrong; text is taken as the payload itself. */
	readonly secrets?: unknown;
	readonly identity?: string;
	readonly environment?: string;
	readonly revision?: string;
	readonly packedAt?: string;
	readonly expiresAt?: string;
	/** PKCS#8 PEM of an Ed25519 key; `false` leaves the artifact unsigned. By default the vectors' key signs. */
	readonly signingKey?: string | false;
	readonly recipient?: string;
}

/** A packed artifact's fields, as they stand in its JSON. */
export type SealedFields = Record<string, unknown>;

const DEFAULTS = {
	identity: "api-gateway",
	environment: "production",
	revision: "r1",
	packedAt: "2026-11-22T04:30:00.000Z",
};

/** Makes an artifact by the published format alone, sharing no code with what it tests. */
export async function sealFields(options: SealOptions = {}): Promise<SealedFields> {
	const { secrets = { KEY: "value" }, signingKey = vectorSigningKey() } = options;
	const encrypter = new Encrypter();
	encrypter.addRecipient(options.recipient ?? vectorKeys.ageRecipient);
	const plaintext = typeof secrets === "string" ? secrets : JSON.stringify(secrets);
	const ciphertext = Buffer.from(await encrypter.encrypt(plaintext)).toString("base64");
	const fields = {
		version: 1,
		identity: options.identity ?? DEFAULTS.identity,
		environment: options.environment ?? DEFAULTS.environment,
		packedAt: options.packedAt ?? DEFAULTS.packedAt,
		revision: options.revision ?? DEFAULTS.revision,
		ciphertextHash: createHash("sha256").update(ciphertext).digest("hex"),
		ciphertext,
		...(options.expiresAt === undefined ? {} : { expiresAt: options.expiresAt }),
	};
	return signingKey === false ? fields : signFields(fields, signingKey);
}

/** {@link sealFields} as the bytes a source would deliver. */
export async function sealArtifact(options: SealOptions = {}): Promise<Buffer> {
	return Buffer.from(JSON.stringify(await sealFields(options)));
}

/** Signs an artifact's fields anew with an Ed25519 key, by payload version 3. */
export function signFields(fields: SealedFields, signingKey: string = vectorSigningKey()): SealedFields {
	const signed = [
		"version",
		"identity",
		"environment",
		"revision",
		"packedAt",
		"ciphertextHash",
		"expiresAt",
	];
	const envelope = Object(fields.envelope) as SealedFields;
	const sealed = ["provider", "keyId", "wrappedKey", "algorithm", "iv", "authTag"];
	const payload = [
		"clef-sig-v3",
		...signed.map((name) => String(fields[name] ?? "")),
		...sealed.map((name) => String(envelope[name] ?? "")),
	].join("\n");
	const signature = sign(null, Buffer.from(payload), createPrivateKey(signingKey)).toString("base64");
	return { ...fields, signature, signatureAlgorithm: "Ed25519" };
}

function vectorSigningKey(): string {
	return `-----BEGIN PRIVATE KEY-----\n${vectorKeys.ed25519PrivateKey}\n-----END PRIVATE KEY-----\n`;
}
