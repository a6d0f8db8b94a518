import { createHash } from "node:crypto";
import { type Encryption, parseArtifact, type Revocation, type UnverifiedArtifact } from "@clef-sh/artifact";
import { countAgeStanzas } from "./age-stanzas.js";

/** What can be told about a packed artifact without any key; nothing in it has been verified. */
export interface ArtifactInspection {
	readonly kind: "artifact";
	readonly version: 1;
	readonly identity: string;
	readonly environment: string;
	readonly revision: string;
	/** ISO 8601, as packed. */
	readonly packedAt: string;
	/** ISO 8601, as packed; absent when it never expires. */
	readonly expiresAt?: string;
	/** How it is sealed, and what can open it. */
	readonly encryption: EncryptionInspection;
	/** Length of the decoded ciphertext. */
	readonly ciphertextBytes: number;
	/** Whether the ciphertext has the hash that the artifact names. */
	readonly digestOk: boolean;
	/** The algorithm label of the signature, unchecked; absent when there is no signature. */
	readonly signed?: string;
}

/** How an artifact is sealed. */
export type EncryptionInspection =
	| {
			readonly kind: "age";
			/** Recipients by stanza type; absent when the ciphertext has no complete age header. */
			readonly recipients?: Readonly<Record<string, number>>;
	  }
	| { readonly kind: "kms"; readonly provider: string; readonly keyId: string };

/** What can be told about a revocation. */
export interface RevocationInspection {
	readonly kind: "revocation";
	/** ISO 8601; absent when the body holds no date there, which revokes all the same. */
	readonly revokedAt?: string;
	/** ISO 8601; when the revoked artifact was packed, where the body says so. */
	readonly packedAt?: string;
	readonly identity?: string;
	readonly environment?: string;
	readonly revision?: string;
}

/** The result of {@link inspectArtifact}. */
export type Inspection = ArtifactInspection | RevocationInspection;

/**
 * Describes an artifact's clear metadata; never decrypts and needs no key.
 *
 * Throws an `ArtifactError` when the body is not an artifact; a wrong digest is reported, not thrown.
 */
export function inspectArtifact(body: Uint8Array): Inspection {
	const parsed = parseArtifact(body);
	return parsed.kind === "revocation" ? inspectRevocation(parsed) : inspectSealed(parsed);
}

function inspectRevocation({ revokedAtMs, packedAtMs, ...rest }: Revocation): RevocationInspection {
	return {
		...rest,
		...(packedAtMs === undefined ? {} : { packedAt: new Date(packedAtMs).toISOString() }),
		...(revokedAtMs === undefined ? {} : { revokedAt: new Date(revokedAtMs).toISOString() }),
	};
}

function inspectSealed(artifact: UnverifiedArtifact): ArtifactInspection {
	const { packedAtMs: _, expiresAtMs: __, ciphertextHash, ...clear } = artifact.header;
	const ciphertext = artifact.ciphertextBytes;
	return {
		kind: "artifact",
		...clear,
		encryption: inspectEncryption(artifact.encryption, ciphertext),
		ciphertextBytes: ciphertext.length,
		digestOk: createHash("sha256").update(artifact.ciphertext).digest("hex") === ciphertextHash,
		...(artifact.signature ? { signed: artifact.signatureAlgorithm ?? "unlabelled" } : {}),
	};
}

function inspectEncryption(encryption: Encryption, ciphertext: Uint8Array): EncryptionInspection {
	if (encryption.kind === "kms") {
		const { provider, keyId } = encryption.envelope;
		return { kind: "kms", provider, keyId };
	}
	const stanzas = countAgeStanzas(ciphertext);
	return { kind: "age", ...(stanzas ? { recipients: stanzas.counts } : {}) };
}
