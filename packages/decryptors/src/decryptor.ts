import type { VerifiedArtifact } from "@clef-sh/artifact";

/**
 * Opens what an artifact seals.
 *
 * It takes a {@link VerifiedArtifact} only, so bytes that nobody verified cannot be decrypted.
 */
export interface Decryptor {
	/**
	 * Resolves with the plaintext bytes, which the caller owns and fills with zeros after use.
	 *
	 * Rejects with a `DecryptError`, or with the signal's reason when it is aborted.
	 */
	decrypt(artifact: VerifiedArtifact, signal: AbortSignal): Promise<Uint8Array>;
}
