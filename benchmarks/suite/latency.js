// How long answers take at half of what the agent could serve, the floor at the very same rate.

import { CONNECTIONS, lightest, paced } from "./load.js";
import { packedIn } from "./packed.js";
import { byTurns, MORE_ROUNDS } from "./rounds.js";
import { withServer } from "./server.js";
import { agentOn, builds, ETAG, floorFor } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./load.js").Paced} Paced */
/** @typedef {import("./parts.js").Series} Series */
/** @typedef {import("./server.js").Variant} Variant */
/** @typedef {import("./variants.js").Build} Build */

const PATH = "/v1/secrets";
const WARM_UP_SECONDS = 1;
const SATURATION_SECONDS = 2;
const FLOOR = "bare floor";
const FLOOR_AGAIN = "bare floor, again";
/** @type {import("./figures.js").Target} */
const BESIDE_FLOOR = { of: "ratio", atMost: 1.5 };
/** So that the hundredth part of the requests is some hundreds. */
const LONGER = 1.5;

/** The part about latency at a fixed rate. @type {import("./parts.js").Part} */
export async function latency({ folder, rounds, seconds }) {
	const packed = packedIn(folder, 20);
	const { builds: all, missing } = builds();
	/** @type {Figure[]} */
	const figures = [];
	/** @type {Series[]} */
	const series = [];
	for (const build of all) {
		const [agent, floor] = [agentOn(build, packed), floorFor(build, packed.body, ETAG)];
		const rate = Math.round((await saturation(agent, PATH)) / 2);
		const pace = { rate, seconds: seconds * LONGER };
		/** @type {Record<string, () => Promise<Paced>>} */
		const turns = {
			[build.name]: () => pacedOn(agent, PATH, pace),
			[FLOOR]: () => pacedOn(floor, PATH, pace),
		};
		if (build === all[0]) turns[FLOOR_AGAIN] = () => pacedOn(floor, PATH, pace);
		const times = await byTurns(rounds * MORE_ROUNDS, turns);
		figures.push(...figuresOf(build, times));
		series.push({ name: build.name, points: curve(times[build.name] ?? []) });
		series.push({ name: `bare floor on Node ${build.nodeVersion}`, points: curve(times[FLOOR] ?? []) });
	}
	return { figures, missing, series };
}

/**
 * Requests per second of a variant that is asked as fast as it answers.
 * @param {Variant} variant
 * @param {string} path
 */
export function saturation(variant, path) {
	return withServer(variant, async ({ port }) => {
		const url = `http://127.0.0.1:${port}${path}`;
		await lightest().run(url, WARM_UP_SECONDS);
		const { requests, seconds } = await lightest().run(url, SATURATION_SECONDS);
		return requests / seconds;
	});
}

/**
 * @param {Variant} variant
 * @param {string} path
 * @param {{ rate: number, seconds: number }} pace
 */
function pacedOn(variant, path, pace) {
	return withServer(variant, async ({ port }) => {
		const url = `http://127.0.0.1:${port}${path}`;
		await lightest().run(url, WARM_UP_SECONDS);
		return paced(url, pace);
	});
}

/**
 * @param {Build} build
 * @param {Record<string, Paced[]>} times
 * @returns {Figure[]}
 */
function figuresOf(build, times) {
	const at = (/** @type {string} */ name, /** @type {string} */ percentile) =>
		(times[name] ?? []).map(({ milliseconds }) => Number(milliseconds[percentile]));
	const shared = {
		what: `GET ${PATH}, 20 keys, ${CONNECTIONS} connections, half of its saturation`,
		unit: "ms",
		reference: `bare floor on Node ${build.nodeVersion}, same rate`,
	};
	const subjects = Object.keys(times).filter((name) => name !== FLOOR);
	return subjects.flatMap((subject) =>
		["p50", "p99", "p99.9"].map((percentile) => ({
			...{ ...shared, measure: percentile, subject },
			targets: percentile === "p99" && subject === build.name ? [BESIDE_FLOOR] : [],
			values: { subject: at(subject, percentile), reference: at(FLOOR, percentile) },
		})),
	);
}

/** Medians of the percentiles, over how rare what is slower is. @param {Paced[]} runs @returns {[number, number][]} */
function curve(runs) {
	const names = Object.keys(runs[0]?.milliseconds ?? {}).filter((name) => name !== "max");
	return names.map((name) => {
		const sorted = runs.map(({ milliseconds }) => Number(milliseconds[name])).sort((a, b) => a - b);
		return [Number(name.slice(1)), Number(sorted[Math.floor(sorted.length / 2)])];
	});
}
