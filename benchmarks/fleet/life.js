// One fleet's life: everything starts at once, runs, takes a new revision, and loses its source for a while.

import { Fleet, timesOf } from "./fleet.js";
import { MillisecondClock } from "./millisecond-clock.js";
import { round } from "./phase.js";
import { Place } from "./places.js";

/** @typedef {import("./places.js").PlaceName} PlaceName */
/** @typedef {{ place: PlaceName, agents: number, ttlSeconds: number }} Setup */
/** @typedef {import("./phase.js").Phase} Phase */
/** @typedef {Awaited<ReturnType<typeof live>>} Life */
/** @typedef {Awaited<ReturnType<typeof outage>>} Outage */
/** @typedef {"restart" | "rotation" | "outage"} LastPhase */
/**
 * How far a life is followed; what a phase does not reach within the horizon is reported as not reached.
 * @typedef {{ until: LastPhase, horizonMs: number }} Extent
 */
/** @typedef {{ clock: MillisecondClock, place: Place, fleet: Fleet, pollMs: number, horizonMs: number }} Stage */

/** The same numbers in every run. */
export const SEED = 20_261_122;
/** "At once" is within a second: no orchestrator is faster. */
export const START_WITHIN_MS = 1_000;
/** How long the source is down. */
export const OUTAGE_MS = 3_600_000;
/** Steady means: over this time at least, and over several polls. */
const STEADY_MS = 120_000;
const STEADY_POLLS = 4;
/** After a start the fleet needs two intervals to spread out. */
const SETTLING_POLLS = 2;

/** @param {Setup} setup @param {number} horizonMs @returns {Stage} */
function stageOf({ place: name, agents, ttlSeconds }, horizonMs) {
	const clock = new MillisecondClock();
	const place = new Place(name);
	const fleet = new Fleet({ agents, ttlSeconds, place, clock, seed: SEED });
	return { clock, place, fleet, pollMs: timesOf(ttlSeconds).pollMs, horizonMs };
}

/**
 * All of it, in figures.
 * @param {Setup} setup
 * @param {Extent} extent
 */
export async function live(setup, { until, horizonMs }) {
	const stage = stageOf(setup, horizonMs);
	const restart = await restarted(stage);
	if (until === "restart") return { ...setup, horizonMs, restart };
	await run(stage, SETTLING_POLLS * stage.pollMs);
	const steady = await steadily(stage);
	const rotation = await rotated(stage);
	if (until === "rotation") return { ...setup, horizonMs, restart, steady, rotation };
	await run(stage, SETTLING_POLLS * stage.pollMs);
	const { down, recovery } = await interrupted(stage, OUTAGE_MS);
	return { ...setup, horizonMs, restart, steady, rotation, down, recovery };
}

/**
 * An outage alone, with requests a second over time; with `readEveryMs` applications go on asking every agent.
 * @param {Setup} setup
 * @param {{ downMs: number, bucketSeconds: number, readEveryMs?: number }} options
 */
export async function outage(setup, { downMs, bucketSeconds, readEveryMs }) {
	const stage = stageOf(setup, OUTAGE_MS);
	await restarted(stage);
	await run(stage, SETTLING_POLLS * stage.pollMs);
	if (readEveryMs !== undefined) stage.fleet.read(readEveryMs);
	const phases = await interrupted(stage, downMs, bucketSeconds);
	return { ...setup, downMs, readEveryMs: readEveryMs ?? null, bucketSeconds, ...phases };
}

/** @param {Stage} stage @param {number} ms @param {() => boolean} [isDone] */
async function run({ clock }, ms, isDone) {
	await clock.run(clock.monotonic() + ms, isDone);
}

/** @param {Stage} stage */
async function restarted(stage) {
	const phase = stage.fleet.begin();
	stage.fleet.start(START_WITHIN_MS);
	await run(stage, stage.horizonMs, () => phase.isDone);
	return { ...countsOf(stage.fleet.end()), ...phase.arrival };
}

/** @param {Stage} stage */
async function steadily(stage) {
	const ms = Math.max(STEADY_MS, STEADY_POLLS * stage.pollMs);
	stage.fleet.begin();
	await run(stage, ms);
	const phase = stage.fleet.end();
	const { requests, refused, bytes, overTtl } = phase;
	const seconds = ms / 1_000;
	return {
		seconds,
		requestsPerSecond: round(requests / seconds),
		refusedShare: requests === 0 ? 0 : round(refused / requests),
		bytesPerSecond: round(bytes / seconds),
		overTtl,
	};
}

/** @param {Stage} stage */
async function rotated(stage) {
	stage.place.revision += 1;
	const phase = stage.fleet.begin();
	await run(stage, stage.horizonMs, () => phase.isDone);
	return { ...countsOf(stage.fleet.end()), ...phase.arrival };
}

/** @param {Stage} stage @param {number} downMs @param {number} [bucketSeconds] */
async function interrupted(stage, downMs, bucketSeconds) {
	const { clock, fleet, place } = stage;
	place.isDown = true;
	const down = fleet.begin();
	await run(stage, downMs);
	fleet.end();
	const untilMs = clock.monotonic();
	place.isDown = false;
	const recovery = fleet.begin();
	await run(stage, stage.horizonMs, () => recovery.isDone);
	const peakMs = Math.min(downMs, 60_000);
	if (bucketSeconds !== undefined) await run(stage, peakMs);
	fleet.end();
	const series = (/** @type {Phase} */ phase, /** @type {number} */ endMs) =>
		bucketSeconds === undefined ? {} : { rates: phase.rates(bucketSeconds, endMs) };
	return {
		down: { ...countsOf(down), ...series(down, untilMs) },
		recovery: { ...countsOf(recovery), ...recovery.arrival, ...series(recovery, clock.monotonic()) },
	};
}

/** @param {Phase} phase */
function countsOf({ requests, refused, modified, peakPerSecond, overTtl }) {
	return { requests, refused, modified, peakPerSecond, overTtl };
}
