/** Numbers uniform in [0, 1) that follow from the seed alone (mulberry32); any integer will do as one. */
export function seededRandom(seed: number): () => number {
	let state = seed | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
	};
}

/**
 * The seed of one case of a run, so that a case can be made without those before it.
 *
 * Every step can be undone, so no two of a run's first 2^32 cases share a seed.
 */
export function caseSeed(runSeed: number, index: number): number {
	let mixed = (runSeed + Math.imul(index, 0x9e3779b1)) | 0;
	mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) >>> 0;
}
