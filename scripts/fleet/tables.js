// The tables of docs/fleet.md.

import { BYTES, GITHUB, HOURS_PER_MONTH, HTTP, S3 } from "../../benchmarks/fleet/limits.js";
import { table } from "../docs/table.js";
import { amount, duration, fleetSize, lifeOf, PLACE_NAMES, percent, ttlName } from "./results.js";

/** @typedef {import("./results.js").Results} Results */
/** @typedef {import("./results.js").Life} Life */

const TTLS = [300, 60, 0];
/** The fleet that rates of one agent are taken from: large enough to be even, small enough not to be refused. */
const SAMPLE = 1_000;

/** @param {Results} results @param {number} ttlSeconds */
function perAgent(results, ttlSeconds) {
	return (
		(lifeOf(results, { place: "s3", agents: SAMPLE, ttlSeconds }).steady?.requestsPerSecond ?? 0) / SAMPLE
	);
}

/** How many agents reach which limit. @param {Results} results */
export function carriedTable(results) {
	const head = [
		"",
		`requests/s of ${fleetSize(SAMPLE)}`,
		"GitHub, 304 counts",
		"GitHub, 304 is free",
		"S3, one prefix",
		"HTTP server",
	];
	const rows = TTLS.map((ttlSeconds) => {
		const rate = perAgent(results, ttlSeconds);
		const upTo = (/** @type {number} */ limit) => fleetSize(Number((limit / rate).toPrecision(2)));
		return [
			ttlName(ttlSeconds),
			amount(rate * SAMPLE),
			upTo(GITHUB.pointsPerMinute / 60),
			`${fleetSize(GITHUB.requestsPerHour)} (starts and rotations)`,
			upTo(S3.requestsPerSecond),
			upTo(HTTP.requestsPerSecond),
		];
	});
	return table(head, rows);
}

/** A month of S3. @param {Results} results */
export function costTable(results) {
	const head = [
		"agents",
		...TTLS.map((ttlSeconds) => `${ttlName(ttlSeconds)}: million GETs`),
		...TTLS.map(() => "$"),
		"GB at TTL 300 s",
	];
	const rows = [10, 100, 1_000, 10_000, 100_000].map((agents) => {
		const gets = TTLS.map((ttlSeconds) => perAgent(results, ttlSeconds) * agents * HOURS_PER_MONTH * 3_600);
		const gigabytes = ((gets[0] ?? 0) * BYTES.s3.unmodified) / 1e9;
		return [
			fleetSize(agents),
			...gets.map((count) => amount(count / 1e6)),
			...gets.map((count) => amount((count / 1_000) * S3.dollarsPer1000Gets)),
			amount(gigabytes),
		];
	});
	const named = head.map((name, index) => (name === "$" ? `${ttlName(TTLS[index - 4] ?? 0)}: $` : name));
	return table(named, rows);
}

/** How long a new revision takes to reach fleets of 100 agents and more. @param {Results} results */
export function arrivalTable(results) {
	const head = ["place", "agents", "TTL", "50 %", "99 %", "100 %", "requests", "refused", "over TTL"];
	const rows = results.lives.flatMap((life) => {
		const { rotation } = life;
		if (rotation === undefined || life.agents < 100) return [];
		const { seconds50, seconds99, seconds100, requests, refused, overTtl } = rotation;
		const times = [seconds50, seconds99, seconds100].map(duration);
		return [[...named(life), ...times, ...[requests, refused, overTtl].map(fleetSize)]];
	});
	return table(head, rows);
}

/** How long all agents of a fleet take to serve that start at once, at the default TTL. @param {Results} results */
export function restartTable(results) {
	const head = ["place", "agents", "50 %", "99 %", "100 %", "requests", "refused", "most in a second"];
	const rows = results.lives
		.filter(({ ttlSeconds }) => ttlSeconds === 300)
		.map((life) => {
			const { seconds50, seconds99, seconds100, requests, refused, peakPerSecond } = life.restart;
			const times = [seconds50, seconds99, seconds100].map(duration);
			const counts = [requests, refused, peakPerSecond].map(fleetSize);
			return [PLACE_NAMES[life.place], fleetSize(life.agents), ...times, ...counts];
		});
	return table(head, rows);
}

/** What an outage that nobody asks through costs a source, and fleets of 100 agents and more. @param {Results} results */
export function outageTable(results) {
	const head = [
		"place",
		"agents",
		"TTL",
		"over TTL",
		"requests while down",
		"most in a second",
		"after: most in a second",
		"refused",
		"50 % serve",
		"99 %",
		"100 %",
	];
	const rows = results.lives.flatMap((life) => {
		const { down, recovery } = life;
		if (down === undefined || recovery === undefined || life.agents < 100) return [];
		const { seconds50, seconds99, seconds100 } = recovery;
		const times = [seconds50, seconds99, seconds100].map(duration);
		const counts = [
			down.overTtl,
			down.requests,
			down.peakPerSecond,
			recovery.peakPerSecond,
			recovery.refused,
		];
		return [[...named(life), ...counts.map(fleetSize), ...times]];
	});
	return table(head, rows);
}

/** What readers change about an outage, by how often they ask. @param {Results} results */
export function readersTable(results) {
	const head = [
		"each agent is asked",
		"requests while down",
		"a second at the end",
		"after: most in a second",
		"refused",
		"50 % serve",
		"100 %",
	];
	const rows = results.outages.withReaders.map(({ down, readEveryMs, recovery }) => [
		readEveryMs === null ? "never" : `every ${duration(readEveryMs / 1_000)}`,
		fleetSize(down.requests),
		amount(("rates" in down && down.rates?.at(-1)) || 0),
		fleetSize(recovery.peakPerSecond),
		percent(recovery.refused / recovery.requests),
		duration(recovery.seconds50),
		duration(recovery.seconds100),
	]);
	return table(head, rows);
}

/** @param {Life} life */
function named({ place, agents, ttlSeconds }) {
	return [PLACE_NAMES[place], fleetSize(agents), ttlSeconds === 0 ? "just-in-time" : `${ttlSeconds} s`];
}
