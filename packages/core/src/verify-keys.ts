import { ArtifactError, importTrustedKeys, type TrustedKey } from "@clef-sh/artifact";
import { AgentError } from "./agent-error.js";

/** The keys that are trusted now: a fixed set, or one that is read anew before each refresh. */
export class VerifyKeys {
	#trusted: readonly TrustedKey[];
	readonly #reread: (() => Promise<string>) | undefined;
	#problem: AgentError | ArtifactError | undefined;

	constructor(trusted: readonly TrustedKey[], reread?: () => Promise<string>) {
		this.#trusted = trusted;
		this.#reread = reread;
	}

	get trusted(): readonly TrustedKey[] {
		return this.#trusted;
	}

	/** Why the newest text is not in force. */
	get problem(): AgentError | ArtifactError | undefined {
		return this.#problem;
	}

	/**
	 * Reads the keys again, and resolves with whether others are trusted from now on: a key that was taken away must
	 * not count any longer, so a new set replaces the old one as a whole.
	 */
	async follow(): Promise<boolean> {
		if (this.#reread === undefined) return false;
		try {
			const trusted = importTrustedKeys(await this.#reread());
			this.#problem = undefined;
			if (fingerprints(trusted) === fingerprints(this.#trusted)) return false;
			this.#trusted = trusted;
			return true;
		} catch (error) {
			this.#problem = error instanceof ArtifactError ? error : unreadable(error);
			return false;
		}
	}
}

function fingerprints(keys: readonly TrustedKey[]): string {
	return keys
		.map(({ fingerprint }) => fingerprint)
		.sort()
		.join();
}

function unreadable(error: unknown): AgentError {
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	const reason = /^E[A-Z0-9]+$/.test(code) ? ` (${code})` : "";
	return new AgentError([
		`The file with the verify keys cannot be read${reason}; the keys before it stay in force until it can.`,
	]);
}
