// Numbers that are the same in every run.

/**
 * A generator of its own for each agent (mulberry32), so that no agent's numbers depend on the order of events.
 * @param {number} seed a whole number
 * @returns {() => number} uniform in [0, 1)
 */
export function randomFrom(seed) {
	let state = seed | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/**
 * The generator of one agent in a fleet.
 * @param {number} seed
 * @param {number} agent
 */
export function randomOf(seed, agent) {
	return randomFrom(Math.imul(seed + 1, 0x9e3779b1) + Math.imul(agent + 1, 0x85ebca6b));
}
