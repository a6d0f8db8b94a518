import type { VerifiedArtifact } from "@clef-sh/artifact";
import type { DecryptError } from "./decrypt-error.js";

/**
 * Opens what an artifact seals.
 *
 * It takes a {@link VerifiedArtifact} only, so bytes that nobody verified cannot be decrypted.
 */
export interface Decryptor {
	/** What is wrong with a rotated key though the last decryption succeeded with the one before it. */
	readonly credentialProblem?: DecryptError | undefined;

	/**
	 * Resolves with the plaintext bytes, which the caller owns and fills with zeros after use.
	 *
	 * Rejects with a `DecryptError`, or with the signal's reason when it is aborted.
	 */
	decrypt(artifact: VerifiedArtifact, signal: AbortSignal): Promise<Uint8Array>;
}
