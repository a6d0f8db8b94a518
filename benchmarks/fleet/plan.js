// Which fleets are simulated.

/** @typedef {import("./life.js").Setup} Setup */

/** Seconds; 0 is just-in-time, which polls every 5 s. */
export const TTLS = [300, 60, 0];
const SIZES = [10, 100, 1_000, 10_000];
/** At the default TTL only: shorter ones ask ten times as much, of places that are over their limits already. */
const LARGEST = 100_000;
/** @type {readonly import("./places.js").PlaceName[]} */
export const PLACES = ["github", "github-free-304", "s3", "http"];

/** @type {readonly Setup[]} */
export const LIVES = PLACES.flatMap((place) => [
	...TTLS.flatMap((ttlSeconds) => SIZES.map((agents) => ({ place, agents, ttlSeconds }))),
	{ place, agents: LARGEST, ttlSeconds: 300 },
]);

/** A fleet beyond this is not followed through an outage where its place cannot carry it anyway. @param {Setup} setup */
export function hasOutage({ agents, place, ttlSeconds }) {
	if (agents === LARGEST) return place === "s3";
	return agents < 10_000 || ttlSeconds === 300 || place === "s3";
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
