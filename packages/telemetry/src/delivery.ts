import type { Signal } from "./settings.js";

/** Why an export failed, in a few words that hold nothing secret. */
export interface Failure {
	/** Without userinfo and query. */
	readonly endpoint: string;
	readonly cause: string;
}

/** Tells once that telemetry cannot be delivered, and once that it can be again. */
export class Delivery {
	readonly #tell: (sentence: string) => void;
	/** The cause of each signal's trouble, as it began. */
	readonly #causes = new Map<Signal, string>();

	constructor(tell: (sentence: string) => void) {
		this.#tell = tell;
	}

	worked(signal: Signal, endpoint: string): void {
		const cause = this.#causes.get(signal);
		this.#causes.delete(signal);
		if (cause !== undefined && !this.#isKnown(cause))
			this.#tell(`telemetry is delivered again (${endpoint})`);
	}

	/** A trouble that several signals have, as when the collector is down, is said once for all of them. */
	failed(signal: Signal, { endpoint, cause }: Failure): void {
		if (this.#causes.has(signal)) return;
		const isNews = !this.#isKnown(cause);
		this.#causes.set(signal, cause);
		if (isNews) this.#tell(undeliverable(`${endpoint} ${cause}`));
	}

	#isKnown(cause: string): boolean {
		return [...this.#causes.values()].includes(cause);
	}
}

/** The sentence for a trouble, as every one of them begins and ends. */
export function undeliverable(why: string): string {
	return `telemetry cannot be delivered (${why}); serving is not affected`;
}
