// Which fleets are simulated.

/** @typedef {import("./life.js").Setup} Setup */

/** @typedef {import("./places.js").PlaceName} PlaceName */
/** @typedef {Setup & import("./life.js").Extent} Plan */

/** Seconds; 0 is just-in-time, which polls every 5 s. */
const TTLS = [300, 60, 0];
const HOUR_MS = 3_600_000;

/**
 * Every size up to what a place can carry and the next beyond it, all the way through an outage; what is far beyond
 * that only until it is clear that it is, and the largest fleets only as far as the whole takes minutes.
 * @type {readonly Plan[]}
 */
export const LIVES = [
	...whole("github", [10, 100, 400, 1_000, 4_000], [10, 100, 1_000]),
	partly("github", 10_000, 300, "rotation", HOUR_MS),
	partly("github", 100_000, 300, "restart", 600_000),
	...whole("github-free-304", [10, 100, 400, 1_000, 4_000], [10, 100, 1_000]),
	partly("github-free-304", 10_000, 300, "rotation", HOUR_MS),
	...whole("s3", [10, 100, 1_000, 10_000], [10, 100, 1_000]),
	partly("s3", 10_000, 60, "rotation", HOUR_MS),
	partly("s3", 10_000, 0, "rotation", HOUR_MS),
	partly("s3", 100_000, 300, "rotation", HOUR_MS),
	...whole("http", [10, 100, 1_000, 10_000], [10, 100, 1_000]),
	partly("http", 20_000, 300, "rotation", 300_000),
	partly("http", 100_000, 300, "restart", 120_000),
];

/** @param {PlaceName} place @param {readonly number[]} sizes @param {readonly number[]} sizesOfShorter @returns {Plan[]} */
function whole(place, sizes, sizesOfShorter) {
	return TTLS.flatMap((ttlSeconds) =>
		(ttlSeconds === 300 ? sizes : sizesOfShorter).map((agents) =>
			partly(place, agents, ttlSeconds, "outage", HOUR_MS),
		),
	);
}

/**
 * @param {PlaceName} place
 * @param {number} agents
 * @param {number} ttlSeconds
 * @param {Plan["until"]} until
 * @param {number} horizonMs
 * @returns {Plan}
 */
function partly(place, agents, ttlSeconds, until, horizonMs) {
	return { place, agents, ttlSeconds, until, horizonMs };
}

/** The outages that are drawn: an hour without readers; a shorter one with and without, as readers ask often. */
export const OUTAGES = {
	/** @type {readonly Setup[]} */
	hour: [
		{ place: "s3", agents: 1_000, ttlSeconds: 300 },
		{ place: "github", agents: 1_000, ttlSeconds: 300 },
	],
	/** @type {readonly (Setup & { readEveryMs?: number })[]} */
	withReaders: [
		{ place: "http", agents: 1_000, ttlSeconds: 300 },
		{ place: "http", agents: 1_000, ttlSeconds: 300, readEveryMs: 10_000 },
		{ place: "http", agents: 1_000, ttlSeconds: 300, readEveryMs: 1_000 },
	],
};
/** Three times the TTL. */
export const SHORT_OUTAGE_MS = 900_000;
