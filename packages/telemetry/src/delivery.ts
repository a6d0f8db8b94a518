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
	readonly #troubles = new Map<Signal, string>();

	constructor(tell: (sentence: string) => void) {
		this.#tell = tell;
	}

	worked(signal: Signal): void {
		if (this.#troubles.delete(signal) && this.#troubles.size === 0)
			this.#tell("telemetry is delivered again");
	}

	/** A trouble that another signal has too, as when the collector is down, is said once for both. */
	failed(signal: Signal, { endpoint, cause }: Failure): void {
		if (this.#troubles.has(signal)) return;
		const isNews = ![...this.#troubles.values()].includes(cause);
		this.#troubles.set(signal, cause);
		if (isNews) this.#tell(undeliverable(`${endpoint} ${cause}`));
	}
}

/** The sentence for a trouble, as every one of them begins and ends. */
export function undeliverable(why: string): string {
	return `telemetry cannot be delivered (${why}); serving is not affected`;
}
