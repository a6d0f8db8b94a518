import type { VerifiedArtifact } from "@clef-sh/artifact";
import { assertAgeHeader } from "./age-header.js";
import type { DecryptError } from "./decrypt-error.js";
import type { Decryptor } from "./decryptor.js";

/** What opens binary age files: the identities of an `AgeKeyring`, or of an `AgeKeyFile` as it is then. */
interface AgeOpener {
	readonly problem?: DecryptError | undefined;
	open(file: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** Opens artifacts whose ciphertext is a binary age file. */
export class AgeDecryptor implements Decryptor {
	readonly #keys: AgeOpener;

	constructor(keys: AgeOpener) {
		this.#keys = keys;
	}

	get credentialProblem(): DecryptError | undefined {
		return this.#keys.problem;
	}

	async decrypt(artifact: VerifiedArtifact, signal: AbortSignal): Promise<Uint8Array> {
		signal.throwIfAborted();
		assertAgeHeader(artifact.ciphertext);
		return this.#keys.open(artifact.ciphertext, signal);
	}
}
