import { AssertionError } from "node:assert";
import { createHash } from "node:crypto";

const MEGABYTE = 1_048_576;

/** What a run has seen: how often each outcome, a digest over all cases and outcomes, and memory. */
export class RunRecord {
	readonly counts: Map<string, number> = new Map();
	readonly #name: string;
	readonly #seed: number;
	readonly #digest = createHash("sha256");
	readonly #startedMs = performance.now();
	#baseline: number | undefined;
	#peak = 0;

	constructor(name: string, seed: number) {
		this.#name = name;
		this.#seed = seed;
	}

	/** Takes the outcome of one case in. */
	add(outcome: string, input: Uint8Array): void {
		this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
		this.#digest.update(input).update(outcome);
	}

	/** How many cases there were. */
	get total(): number {
		return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
	}

	/** Takes a reading of a process's resident memory in bytes; the first one is what growth is counted from. */
	measure(bytes: number = process.memoryUsage.rss()): void {
		this.#baseline ??= bytes;
		this.#peak = Math.max(this.#peak, bytes);
	}

	/** From the first reading to the highest, in bytes. */
	get growth(): number {
		return this.#peak - (this.#baseline ?? this.#peak);
	}

	/** Equal for two runs exactly when they had the same cases with the same outcomes. */
	digest(): string {
		return this.#digest.copy().digest("hex");
	}

	/** The run in one line. */
	summary(): string {
		const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1);
		const counts = [...this.counts].sort().map(([outcome, count]) => `${outcome} ${count}`);
		const memory = `${toMegabytes(this.#peak)} MB resident at most, grown by ${toMegabytes(this.growth)} MB`;
		return `${this.#name}: seed ${this.#seed}, ${this.total} cases in ${seconds} s; ${counts.join(", ")}; ${memory}`;
	}

	/** Says which case it was that failed, so that it can be tried again without the run. */
	failure(index: number, input: Uint8Array, cause: unknown): AssertionError {
		const why =
			cause instanceof Error ? [cause.message, cause.cause].filter(Boolean).join(": ") : String(cause);
		const base64 = Buffer.from(input).toString("base64");
		return new AssertionError({
			message: `${this.#name}: seed ${this.#seed}, case ${index}: ${why}; the case as base64: ${base64}`,
		});
	}
}

function toMegabytes(bytes: number): string {
	return (bytes / MEGABYTE).toFixed(0);
}
