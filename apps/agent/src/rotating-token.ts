import { isCodedError } from "@clef-sh/core";

/** The bearer token as its file has it now; a file that cannot be used leaves the token before it. */
export class RotatingToken {
	#current: string;
	readonly #reread: (() => Promise<string>) | undefined;
	readonly #warn: (sentence: string) => void;
	#trouble: string | undefined;

	/** `warn` is told once for as long as a trouble stays the same. */
	constructor(token: string, reread: (() => Promise<string>) | undefined, warn: (sentence: string) => void) {
		this.#current = token;
		this.#reread = reread;
		this.#warn = warn;
	}

	/** Whether it can change at all. */
	get rotates(): boolean {
		return this.#reread !== undefined;
	}

	/** For the router, which asks at every request. */
	readonly current = (): string => this.#current;

	/** Looks at the file again; never rejects. */
	async follow(): Promise<void> {
		if (this.#reread === undefined) return;
		try {
			this.#current = await this.#reread();
			this.#trouble = undefined;
		} catch (error) {
			const trouble = isCodedError(error) ? error.message : "CLEF_AGENT_TOKEN_FILE cannot be read.";
			if (trouble !== this.#trouble) this.#warn(`${trouble} The token before it stays in use.`);
			this.#trouble = trouble;
		}
	}
}
