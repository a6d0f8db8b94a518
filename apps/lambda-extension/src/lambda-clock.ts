import type { Clock } from "@clef-sh/core";

/** Wall and monotonic clock drift apart by less than this unless one of them jumped. */
const DRIFT_MS = 1_000;

/**
 * The clock of an execution environment, which Lambda freezes between invocations and restores from snapshots.
 *
 * While the machine is paused its monotonic clocks stand still, also the one that counts suspended time elsewhere; only
 * the wall clock tells, once the host has set it. So here a wall clock that leaps ahead is time that has passed: unlike
 * on other machines, nobody sets it by hand. Going back means nothing.
 */
export class LambdaClock implements Clock {
	readonly #base: Clock;
	readonly #wallOffsetMs: number;
	#passedMs = 0;
	#addedMs = 0;
	/** A moment that the wall clock cannot be before, and when that was learnt. */
	#known = { wallMs: Number.NEGATIVE_INFINITY, atMs: 0 };

	constructor(base: Clock) {
		this.#base = base;
		this.#wallOffsetMs = base.now() - base.monotonic();
	}

	now(): number {
		const { wallMs, atMs } = this.#known;
		return Math.max(this.#base.now(), wallMs + this.#base.monotonic() - atMs);
	}

	monotonic(): number {
		const runningMs = this.#base.monotonic();
		const aheadMs = this.now() - runningMs - this.#wallOffsetMs;
		if (aheadMs > this.#passedMs + DRIFT_MS) this.#passedMs = aheadMs;
		return runningMs + this.#passedMs + this.#addedMs;
	}

	setTimeout(callback: () => void, ms: number): () => void {
		return this.#base.setTimeout(callback, ms);
	}

	/** Notes what someone with a right clock has said: it is not earlier than this. */
	notBefore(wallMs: number): void {
		if (wallMs > this.now()) this.#known = { wallMs, atMs: this.#base.monotonic() };
	}

	/** Lets this much time count as passed for ages, whatever the clocks say. */
	age(ms: number): void {
		this.#addedMs += ms;
	}
}
