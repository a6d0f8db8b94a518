import { isCodedError } from "@clef-sh/core";

/** The bearer token as its file has it now; a file that cannot be used leaves the token before it. */
export class RotatingToken {
	#current: string;
	readonly #reread: (() => Promise<string>) | undefined;
	readonly #warn: (sentence: string) => void;
	#trouble: string | undefined;
	/** How many looks were begun, and the latest of those that have ended. */
	#begun = 0;
	#ended = 0;

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
		this.#begun += 1;
		const look = this.#begun;
		try {
			const token = await this.#reread();
			if (this.#isLate(look)) return;
			this.#current = token;
			this.#trouble = undefined;
		} catch (error) {
			if (this.#isLate(look)) return;
			const trouble = isCodedError(error) ? error.message : "CLEF_AGENT_TOKEN_FILE cannot be read.";
			if (trouble !== this.#trouble) this.#warn(`${trouble} The token before it stays in use.`);
			this.#trouble = trouble;
		}
	}

	/** Whether a look that began later has ended: what this one saw may be the token from before a rotation. */
	#isLate(look: number): boolean {
		if (look < this.#ended) return true;
		this.#ended = look;
		return false;
	}
}
