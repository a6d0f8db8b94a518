/** Waits between attempts: each twice the one before, up to a limit, and shortened by chance by up to half. */
export class Backoff {
	readonly #random: () => number;
	readonly #longestMs: number;
	#baseMs: number;
	#failures = 0;

	/** @param random between 0 and 1; spreads clients that lost the same agent at the same time. */
	constructor(random: () => number, baseMs: number, longestMs: number) {
		this.#random = random;
		this.#baseMs = baseMs;
		this.#longestMs = longestMs;
	}

	/** The wait before the next attempt, in milliseconds. */
	next(): number {
		const wholeMs = Math.min(this.#baseMs * 2 ** this.#failures, this.#longestMs);
		this.#failures += 1;
		return wholeMs * (0.5 + this.#random() / 2);
	}

	/** Begins again from the base, or from another one. */
	reset(baseMs: number = this.#baseMs): void {
		this.#failures = 0;
		this.#baseMs = Math.min(Math.max(baseMs, 100), this.#longestMs);
	}
}
