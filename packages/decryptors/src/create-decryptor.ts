import { AgeDecryptor } from "./age-decryptor.js";
import { DecryptError } from "./decrypt-error.js";
import type { Decryptor } from "./decryptor.js";

/** The keys a decryptor may use. */
export interface DecryptorOptions {
	/** The content of an age key file: one or more `AGE-SECRET-KEY-…` lines, comments allowed. */
	readonly ageIdentities?: string;
}

/**
 * Makes the decryptor that picks its way by how each artifact is sealed.
 *
 * Throws `DECRYPT_NO_IDENTITY` at once when the age key is not one. Without an age key, age artifacts are
 * refused with the same code when they arrive.
 */
export function createDecryptor(options: DecryptorOptions): Decryptor {
	const age = options.ageIdentities === undefined ? undefined : new AgeDecryptor(options.ageIdentities);
	return {
		async decrypt(artifact, signal) {
			if (artifact.encryption.kind === "kms") throw unbuilt(artifact.encryption.envelope.provider);
			if (age === undefined) throw keyless();
			return age.decrypt(artifact, signal);
		},
	};
}

function unbuilt(provider: string): DecryptError {
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		`KMS envelopes (provider ${provider}) are not built yet in this version; pack this artifact for an age recipient instead.`,
	);
}

function keyless(): DecryptError {
	return new DecryptError(
		"DECRYPT_NO_IDENTITY",
		"The artifact is encrypted with age but no age identity is configured; set CLEF_AGENT_AGE_KEY or CLEF_AGENT_AGE_KEY_FILE.",
	);
}
