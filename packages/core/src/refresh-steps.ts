import type { Clock } from "./clock.js";
import { measure } from "./measure.js";
import type { RefreshStep } from "./measurement.js";

/** The steps of one refresh, as they are taken. */
export class RefreshSteps {
	readonly #clock: Clock;
	readonly #taken: RefreshStep[] = [];

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	get taken(): readonly RefreshStep[] {
		return this.#taken;
	}

	/** Takes a step, and notes how that went. */
	take<R>(name: RefreshStep["name"], work: () => R | Promise<R>): Promise<R> {
		return measure(this.#clock, "ARTIFACT_MALFORMED", work, (measured) => {
			this.#taken.push({ name, ...measured });
		});
	}
}
