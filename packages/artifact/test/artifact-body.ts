import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
	ArtifactError,
	importTrustedKey,
	parseArtifact,
	type TrustedKey,
	TrustFloor,
	UnverifiedArtifact,
	type VerificationPolicy,
} from "../src/index.js";

/** An artifact's JSON fields before they are encoded; a test may put anything anywhere. */
export type Body = Record<string, unknown>;

/** The moment the test bodies are packed. */
const PACKED_AT = "2026-03-01T12:00:00.000Z";
export const PACKED_AT_MS: number = Date.UTC(2026, 2, 1, 12);

const CIPHERTEXT = Buffer.from("not really sealed").toString("base64");

export const ENVELOPE: Readonly<Record<string, string>> = {
	provider: "aws",
	keyId: "arn:aws:kms:eu-central-1:1:key/1",
	wrappedKey: Buffer.alloc(48, 7).toString("base64"),
	algorithm: "SYMMETRIC_DEFAULT",
	iv: Buffer.alloc(12, 1).toString("base64"),
	authTag: Buffer.alloc(16, 2).toString("base64"),
};

export function body(overrides: Body = {}): Body {
	const ciphertext = typeof overrides.ciphertext === "string" ? overrides.ciphertext : CIPHERTEXT;
	return {
		version: 1,
		identity: "api-gateway",
		environment: "production",
		packedAt: PACKED_AT,
		revision: "rev-1",
		ciphertextHash: createHash("sha256").update(ciphertext).digest("hex"),
		ciphertext,
		...overrides,
	};
}

export function without(fields: Body, name: string): Body {
	return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}

export function bytes(fields: unknown): Uint8Array {
	return Buffer.from(JSON.stringify(fields));
}

export function parsed(fields: Body): UnverifiedArtifact {
	const artifact = parseArtifact(bytes(fields));
	if (artifact instanceof UnverifiedArtifact) return artifact;
	throw new TypeError("The body is a revocation.");
}

export interface Signer {
	readonly privateKey: KeyObject;
	readonly trusted: TrustedKey;
	readonly label: string;
}

export function ed25519Signer(): Signer {
	return signer(generateKeyPairSync("ed25519"), "Ed25519");
}

export function ecdsaSigner(): Signer {
	return signer(generateKeyPairSync("ec", { namedCurve: "P-256" }), "ECDSA_SHA256");
}

function signer(pair: { publicKey: KeyObject; privateKey: KeyObject }, label: string): Signer {
	const spki = pair.publicKey.export({ type: "spki", format: "der" }).toString("base64");
	return { privateKey: pair.privateKey, trusted: importTrustedKey(spki), label };
}

/** The body with a signature over the payload as the format defines it, spelled out here independently. */
export function signed(fields: Body, { privateKey, label }: Signer): Body {
	const signature = sign(label === "Ed25519" ? null : "sha256", payload(fields), privateKey);
	return { ...fields, signature: signature.toString("base64"), signatureAlgorithm: label };
}

export function payload(fields: Body): Buffer {
	const envelope: Body = (fields.envelope as Body | undefined) ?? {};
	return Buffer.from(
		[
			"clef-sig-v3",
			fields.version,
			fields.identity,
			fields.environment,
			fields.revision,
			fields.packedAt,
			fields.ciphertextHash,
			fields.expiresAt,
			envelope.provider,
			envelope.keyId,
			envelope.wrappedKey,
			envelope.algorithm,
			envelope.iv,
			envelope.authTag,
		].join("\n"),
	);
}

export function policy(overrides: Partial<VerificationPolicy> = {}): VerificationPolicy {
	return { trustedKeys: [], floor: new TrustFloor(), ...overrides };
}

/** The error that the action throws; fails the test when it throws nothing, or something else. */
export function refusal(action: () => unknown): ArtifactError {
	try {
		action();
	} catch (error) {
		if (error instanceof ArtifactError) return error;
		throw error;
	}
	throw new TypeError("Nothing was refused.");
}

/** The code of that error. */
export function refusalCode(action: () => unknown): string {
	return refusal(action).code;
}
