// What the simulation in benchmarks/fleet found, and how its figures are written.

import { readFileSync } from "node:fs";
import { root } from "../run.js";

/** @typedef {import("../../benchmarks/fleet/life.js").Setup} Setup */
/** @typedef {import("../../benchmarks/fleet/life.js").Outage} Outage */
/** @typedef {import("../../benchmarks/fleet/phase.js").Phase["arrival"]} Arrival */
/** @typedef {{ requests: number, refused: number, modified: number, peakPerSecond: number, overTtl: number }} Counts */
/** @typedef {{ seconds: number, requestsPerSecond: number, refusedShare: number, bytesPerSecond: number, overTtl: number }} Steady */
/** @typedef {Setup & { horizonMs: number, restart: Counts & Arrival, steady?: Steady, rotation?: Counts & Arrival, down?: Counts, recovery?: Counts & Arrival }} Life */
/** @typedef {{ seed: number, startWithinMs: number, outageMs: number }} Given */
/** @typedef {{ given: Given, lives: Life[], outages: { hours: Outage[], withReaders: Outage[] } }} Results */

/** The committed results of `npm run bench:fleet`. @returns {Results} */
export function readResults() {
	return JSON.parse(readFileSync(`${root}benchmarks/results/fleet.json`, "utf8"));
}

/**
 * The life of one fleet; that it was simulated is taken for granted, and a TypeError says where it was not.
 * @param {Results} results
 * @param {Setup} setup
 * @returns {Life}
 */
export function lifeOf({ lives }, { place, agents, ttlSeconds }) {
	const life = lives.find(
		(one) => one.place === place && one.agents === agents && one.ttlSeconds === ttlSeconds,
	);
	if (life === undefined) throw new TypeError(`There is no life of ${agents} agents before ${place}.`);
	return life;
}

/** What readers call the places. @type {Record<Setup["place"], string>} */
export const PLACE_NAMES = {
	github: "GitHub, 304 counts",
	"github-free-304": "GitHub, 304 is free",
	s3: "S3",
	http: "HTTP server",
};

/** What readers call a TTL, of which 0 is none. @param {number} ttlSeconds */
export function ttlName(ttlSeconds) {
	return ttlSeconds === 0 ? "just-in-time" : `TTL ${ttlSeconds} s`;
}

/** A whole number with commas between thousands. @param {number} agents */
export function fleetSize(agents) {
	return agents.toLocaleString("en-GB");
}

/** Three digits, and no more than matter. @param {number} value */
export function amount(value) {
	if (value >= 100) return Math.round(value).toLocaleString("en-GB");
	return Number(value.toPrecision(value >= 1 ? 3 : 2)).toString();
}

/** A time in seconds, minutes or hours; "not" where something never came. @param {number | null | undefined} seconds */
export function duration(seconds) {
	if (seconds === null || seconds === undefined) return "not";
	if (seconds < 120) return `${amount(seconds)} s`;
	return seconds < 7_200 ? `${amount(seconds / 60)} min` : `${amount(seconds / 3_600)} h`;
}

/** A share of 1 as a percentage. @param {number} share */
export function percent(share) {
	return `${amount(share * 100)} %`;
}
