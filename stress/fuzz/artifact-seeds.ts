import { createHash } from "node:crypto";
import { type SealedFields, signFields } from "@clef-sh/testkit/artifacts";
import { type VectorName, vector } from "@clef-sh/testkit/vectors";
import { type Member, membersOf } from "./json-members.js";
import { type Provider, sealUnder } from "./sealed-envelopes.js";
import { signingText } from "./signing-text.js";

/** Whose signature an artifact has. */
export type SignedBy = "ed25519" | "ecdsa" | "stranger" | "nobody";

/** A genuine artifact that mutations start from. */
export interface ArtifactSeed {
	readonly name: string;
	readonly bytes: Buffer;
	readonly fields: SealedFields;
	readonly members: readonly Member[];
	/** What its signature covers. */
	readonly text: string;
	readonly signedBy: SignedBy;
	/** SHA-256 of the artifact's ciphertext as base64 text, computed here. */
	readonly ciphertextHash: string;
}

/** What is packed into the envelopes; long enough not to turn up by chance. */
export const ENVELOPE_SECRETS: Readonly<Record<string, string>> = {
	API_TOKEN: "fuzz-secret-5b0d1c7e9a3f",
	__proto__x: "fuzz-secret-ünïcødé-✓",
};

/** A key that nobody trusts, as good as any other; fixed, so that the cases follow from the seed alone. */
const STRANGER = pem(createHash("sha256").update("a key that nobody trusts").digest());

/** Every artifact that is mutated: made by another implementation, or here by the words of the format. */
export function artifactSeeds(): readonly ArtifactSeed[] {
	const plain = fieldsOf("plain");
	const signed = fieldsOf("signed");
	const soon = { expiresAt: "2026-11-22T05:00:00.000Z" };
	return [
		fromVector("plain", "nobody"),
		fromVector("signed", "ed25519"),
		fromVector("signed-ecdsa", "ecdsa"),
		fromVector("signed-expires", "ed25519"),
		fromVector("expired", "nobody"),
		fromVector("revoked", "nobody"),
		made("age, other identity", { ...plain, identity: "billing" }, "ed25519"),
		made("age, other environment", { ...plain, environment: "staging" }, "ed25519"),
		made("age, older", { ...plain, packedAt: "2025-01-01T00:00:00Z", revision: "older" }, "ed25519"),
		made("age, from 2099", { ...plain, packedAt: "2099-01-01T00:00:00Z", revision: "later" }, "ed25519"),
		made("age, same revision", { ...plain, revision: signed.revision }, "ed25519"),
		made("age, expires soon", { ...plain, ...soon, revision: "soon" }, "ed25519"),
		made("age, by a stranger", plain, "stranger"),
		envelope("aws", {}, "ed25519"),
		envelope("gcp", {}, "ed25519"),
		envelope("azure", soon, "ed25519"),
		envelope("aws", { revision: "unsigned" }, "nobody"),
	];
}

/** Signs as somebody whose key is not trusted. */
export function signAsStranger(fields: SealedFields): SealedFields {
	return signFields(fields, STRANGER);
}

function envelope(provider: Provider, more: SealedFields, signedBy: SignedBy): ArtifactSeed {
	const head = {
		version: 1,
		identity: "api-gateway",
		environment: "production",
		packedAt: "2026-11-22T04:28:30.000Z",
		revision: `kms-${provider}`,
	};
	const sealed = sealUnder(provider, Buffer.from(JSON.stringify(ENVELOPE_SECRETS)));
	return made(`${provider} envelope, by ${signedBy}`, { ...head, ...sealed, ...more }, signedBy);
}

function made(name: string, fields: SealedFields, signedBy: SignedBy): ArtifactSeed {
	const whole = signedAs(fields, signedBy);
	return seedOf(name, Buffer.from(JSON.stringify(whole)), signedBy);
}

function signedAs(fields: SealedFields, signedBy: SignedBy): SealedFields {
	if (signedBy === "stranger") return signAsStranger(fields);
	return signedBy === "ed25519" ? signFields(fields) : fields;
}

function fromVector(name: VectorName, signedBy: SignedBy): ArtifactSeed {
	return seedOf(name, vector(name), signedBy);
}

function seedOf(name: string, bytes: Buffer, signedBy: SignedBy): ArtifactSeed {
	const fields: SealedFields = JSON.parse(bytes.toString());
	const ciphertextHash = createHash("sha256").update(String(fields.ciphertext)).digest("hex");
	return {
		name,
		bytes,
		fields,
		members: membersOf(fields),
		text: signingText(fields),
		signedBy,
		ciphertextHash,
	};
}

function fieldsOf(name: VectorName): SealedFields {
	return JSON.parse(vector(name).toString());
}

/** PKCS #8 of an Ed25519 key made from its 32 bytes. */
function pem(key: Buffer): string {
	const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), key]);
	return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}
