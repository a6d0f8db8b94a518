import { ClientError } from "./client-error.js";
import type { ClientClock } from "./runtime.js";

/** How a call, or a watch, gets time and ends early. */
export interface Limits {
	readonly clock: ClientClock;
	readonly signal: AbortSignal | undefined;
	/** Whether somebody awaits the result, so that waiting may keep the process alive. */
	readonly isHolding: boolean;
}

/** The time limit of one exchange, which also carries the caller's abort. Whoever makes one closes it. */
export class Deadline {
	readonly #controller = new AbortController();
	readonly #limits: Limits;
	readonly #onAbort = (): void => this.#controller.abort(aborted(this.#limits.signal));
	#cancelTimer: () => void = () => undefined;

	constructor(limits: Limits) {
		this.#limits = limits;
		if (limits.signal?.aborted) this.#onAbort();
		else limits.signal?.addEventListener("abort", this.#onAbort, { once: true });
	}

	/** For `fetch`. */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Replaces the limit by one that starts now; `lateness` is the message of the `AGENT_UNREACHABLE`. */
	limit(ms: number, lateness: string): void {
		this.#cancelTimer();
		const late = (): void => this.#controller.abort(new ClientError("AGENT_UNREACHABLE", lateness));
		this.#cancelTimer = this.#limits.clock.setTimeout(late, ms, this.#limits.isHolding);
	}

	/**
	 * Settles as `promise` does, or rejects with a `ClientError` when a limit or the caller's abort comes first.
	 *
	 * Not by `Promise.race`: a promise that lives on holds whatever it was raced against, here each chunk of a stream
	 * that is read for weeks.
	 */
	race<T>(promise: Promise<T>): Promise<T> {
		const { signal } = this;
		return new Promise((resolve, reject) => {
			const strike = (): void => reject(signal.reason);
			if (signal.aborted) strike();
			else signal.addEventListener("abort", strike, { once: true });
			void promise.then(resolve, reject).then(() => signal.removeEventListener("abort", strike));
		});
	}

	/** Also lets go of a body that was not read to its end. */
	close(): void {
		this.#cancelTimer();
		this.#limits.signal?.removeEventListener("abort", this.#onAbort);
		this.#controller.abort(new ClientError("ABORTED", "The exchange is over."));
	}
}

/** Waits; rejects with `ABORTED` as soon as the caller's signal says so. */
export async function pause(ms: number, { clock, signal, isHolding }: Limits): Promise<void> {
	if (signal?.aborted) throw aborted(signal);
	let onAbort: () => void = () => undefined;
	try {
		await new Promise<void>((resolve, reject) => {
			const cancel = clock.setTimeout(resolve, ms, isHolding);
			onAbort = () => {
				cancel();
				reject(aborted(signal));
			};
			signal?.addEventListener("abort", onAbort);
		});
	} finally {
		signal?.removeEventListener("abort", onAbort);
	}
}

function aborted(signal: AbortSignal | undefined): ClientError {
	return new ClientError("ABORTED", "The call was given up by its signal.", { cause: signal?.reason });
}
