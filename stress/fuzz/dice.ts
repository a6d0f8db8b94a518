import { caseSeed, seededRandom } from "../seeded-random.js";

/** Random choices, all drawn from one source. */
export class Dice {
	readonly #random: () => number;

	/** `random` is uniform in [0, 1). */
	constructor(random: () => number) {
		this.#random = random;
	}

	/** The dice of one case of a run. */
	static forCase(runSeed: number, index: number): Dice {
		return new Dice(seededRandom(caseSeed(runSeed, index)));
	}

	/** A whole number from 0 to `limit - 1`; 0 when there is none. */
	below(limit: number): number {
		return Math.floor(this.#random() * limit);
	}

	/** True with this probability. */
	chance(probability: number): boolean {
		return this.#random() < probability;
	}

	/** One of a list that is not empty. */
	pick<T>(list: readonly T[]): T {
		const index = this.below(list.length);
		if (index >= list.length) throw new RangeError("There is nothing to pick from.");
		// Within the list, so what it gives is a T even where that includes undefined.
		return list[index] as T;
	}

	/** Any bytes. */
	bytes(length: number): Buffer {
		return Buffer.from(Array.from({ length }, () => this.below(256)));
	}

	/** A length that is mostly small, and at times as large as `limit`. */
	length(limit: number): number {
		const most = this.chance(0.9) ? Math.min(limit, 8) : limit;
		return Math.min(limit, 1 + this.below(most));
	}
}
