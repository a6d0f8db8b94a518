import { parseSecretsInSteps, type Secrets, type VerifiedArtifact } from "@clef-sh/artifact";
import { DecryptError } from "./decrypt-error.js";
import type { Decryptor } from "./decryptor.js";
import { BYTES_PER_TURN, letOthersRun, stepByStep } from "./turns.js";

/**
 * Decrypts an artifact and reads its payload; the plaintext bytes are filled with zeros before this settles. Of a large
 * one each step has a turn of the event loop to itself, and the caller's next one too.
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
		await letOthersRun(plaintext);
		const refuse = (sentence: string) => new DecryptError("DECRYPT_PAYLOAD_MALFORMED", sentence);
		return await stepByStep(parseSecretsInSteps(plaintext, refuse, BYTES_PER_TURN));
	} finally {
		plaintext.fill(0);
		await letOthersRun(plaintext);
	}
}
