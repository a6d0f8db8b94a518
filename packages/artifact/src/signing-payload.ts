import type { Encryption, KmsEnvelope } from "./encryption.js";
import type { ArtifactHeader } from "./header.js";

const DOMAIN = "clef-sig-v3";

const NO_ENVELOPE: Readonly<Record<keyof KmsEnvelope, "">> = {
	provider: "",
	keyId: "",
	wrappedKey: "",
	algorithm: "",
	iv: "",
	authTag: "",
};

/**
 * The bytes that a signature covers (version 3): 14 fields joined by line feeds, empty where absent.
 *
 * Two different artifacts never share a payload, because a parsed field is never empty and has no line feed.
 */
export function signingPayload(header: ArtifactHeader, encryption: Encryption): Uint8Array {
	const envelope = encryption.kind === "kms" ? encryption.envelope : NO_ENVELOPE;
	const fields = [
		DOMAIN,
		String(header.version),
		header.identity,
		header.environment,
		header.revision,
		header.packedAt,
		header.ciphertextHash,
		header.expiresAt ?? "",
		envelope.provider,
		envelope.keyId,
		envelope.wrappedKey,
		envelope.algorithm,
		envelope.iv,
		envelope.authTag,
	];
	return new TextEncoder().encode(fields.join("\n"));
}
