import { seededRandom } from "../seeded-random.js";

/** Everything random in a run comes from dice like these, so that a seed tells the whole of it. */
export class Dice {
	readonly random: () => number;

	constructor(seed: number) {
		this.random = seededRandom(seed);
	}

	/** A generator of its own, for those whose number of throws must not change ours. */
	fork(): () => number {
		return seededRandom(Math.floor(this.random() * 2 ** 32));
	}

	chance(probability: number): boolean {
		return this.random() < probability;
	}

	/** A whole number from `low` to `high`, both included. */
	between(low: number, high: number): number {
		return low + Math.floor(this.random() * (high - low + 1));
	}

	pick<T>(choices: readonly [T, ...T[]]): T {
		return choices[this.between(0, choices.length - 1)] ?? choices[0];
	}

	/** One of the entries, each as likely as its weight says. */
	weighted<T extends { readonly weight: number }>(entries: readonly [T, ...T[]]): T {
		let left = this.random() * entries.reduce((sum, { weight }) => sum + weight, 0);
		for (const entry of entries) {
			left -= entry.weight;
			if (left < 0) return entry;
		}
		return entries[0];
	}
}

/** Mixes a run's seed and an episode's number into the seed of that episode alone. */
export function episodeSeed(seed: number, episode: number): number {
	return (Math.imul(seed >>> 0, 0x9e3779b1) ^ Math.imul(episode + 1, 0x85ebca6b)) >>> 0;
}
