// Turns: every variant once in a round, in an order that rotates, so that a machine that slows down slows all, and none
// always comes first, last, or twice in a row.

/**
 * Takes every turn once per round; gives each one's results in the order of the rounds.
 * @template {string} K
 * @template T
 * @param {number} rounds
 * @param {Record<K, () => Promise<T>>} turns
 * @returns {Promise<Record<K, T[]>>}
 */
export async function byTurns(rounds, turns) {
	const names = /** @type {K[]} */ (Object.keys(turns));
	/** @type {Partial<Record<K, T[]>>} */
	const results = {};
	for (const name of names) results[name] = [];
	for (let round = 0; round < rounds; round += 1) {
		for (const name of rotated(names, round)) results[name]?.push(await turns[name]());
	}
	return /** @type {Record<K, T[]>} */ (results);
}

/**
 * The same ones, beginning with a later one each time.
 * @template T
 * @param {readonly T[]} all
 * @param {number} time
 * @returns {T[]}
 */
export function rotated(all, time) {
	const first = time % all.length;
	return [...all.slice(first), ...all.slice(0, first)];
}
