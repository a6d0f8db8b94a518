import type { SourceTimers } from "./source.js";
import { SourceError } from "./source-error.js";

/**
 * The time limits of one exchange: one total, and one for the step it is in; also carries the caller's abort.
 *
 * Whoever creates it calls `close`, which leaves no timer and no listener behind.
 */
export class Deadlines {
	readonly #controller = new AbortController();
	readonly #timers: SourceTimers;
	readonly #struck: Promise<never>;
	readonly #cancelTotal: () => void;
	readonly #unlink: () => void;
	#cancelStep: () => void = () => undefined;

	/** `totalMs` runs from now; when it is over, `lateness` is the message of the `SOURCE_TIMEOUT`. */
	constructor(signal: AbortSignal, timers: SourceTimers, totalMs: number, lateness: string) {
		this.#timers = timers;
		this.#struck = new Promise((_, reject) => {
			this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
		});
		this.#struck.catch(() => undefined); // seen through `race`; unobserved it must not end the process
		const forward = (): void => this.#controller.abort(signal.reason);
		signal.addEventListener("abort", forward, { once: true });
		this.#unlink = () => signal.removeEventListener("abort", forward);
		this.#cancelTotal = this.#arm(totalMs, lateness);
		if (signal.aborted) forward();
	}

	/** Aborted when a limit is passed (reason: the `SourceError`) or by the caller (reason: the caller's). */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Replaces the limit of the previous step by one that starts now. */
	step(ms: number, lateness: string): void {
		this.#cancelStep();
		this.#cancelStep = this.#arm(ms, lateness);
	}

	/** Settles as `promise` does, or rejects with the signal's reason if that comes first. */
	race<T>(promise: Promise<T>): Promise<T> {
		return Promise.race([promise, this.#struck]);
	}

	close(): void {
		this.#cancelStep();
		this.#cancelTotal();
		this.#unlink();
	}

	#arm(ms: number, lateness: string): () => void {
		return this.#timers.setTimeout(() => {
			this.#controller.abort(new SourceError("SOURCE_TIMEOUT", lateness));
		}, ms);
	}
}

/** A read that takes several requests. */
export interface WholeRead {
	/** Names the place in the message. */
	readonly description: string;
	/** For all requests together. */
	readonly totalMs: number;
	readonly timers: SourceTimers;
}

/** Makes the requests of one read, which are given the signal that carries the caller's abort and their common limit. */
export async function readWithin<T>(
	{ description, totalMs, timers }: WholeRead,
	signal: AbortSignal,
	requests: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	signal.throwIfAborted();
	const late = `${description} was not read within ${totalMs} ms.`;
	const deadlines = new Deadlines(signal, timers, totalMs, late);
	try {
		return await requests(deadlines.signal);
	} finally {
		deadlines.close();
	}
}
