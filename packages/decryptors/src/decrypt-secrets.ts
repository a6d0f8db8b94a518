import { parseSecrets, type Secrets, type VerifiedArtifact } from "@clef-sh/artifact";
import { DecryptError } from "./decrypt-error.js";
import type { Decryptor } from "./decryptor.js";

/**
 * Decrypts an artifact and reads its payload; the plaintext bytes are filled with zeros before this settles.
 *
 * Rejects with what the decryptor rejects with, or with `DECRYPT_PAYLOAD_MALFORMED`.
 */
export async function decryptSecrets(
	artifact: VerifiedArtifact,
	decryptor: Decryptor,
	signal: AbortSignal,
): Promise<Secrets> {
	const plaintext = await decryptor.decrypt(artifact, signal);
	try {
		return parseSecrets(plaintext, (sentence) => new DecryptError("DECRYPT_PAYLOAD_MALFORMED", sentence));
	} finally {
		plaintext.fill(0);
	}
}
