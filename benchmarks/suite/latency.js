// How long answers take at half of what the agent could serve, the floor at the very same rate.

import { CONNECTIONS, paced } from "./load.js";
import { packedIn } from "./packed.js";
import { byTurns } from "./rounds.js";
import { inRounds, perSecond, warmedUp } from "./together.js";
import { agentOn, builds, ETAG, floorFor } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./load.js").Paced} Paced */
/** @typedef {import("./parts.js").Series} Series */
/** @typedef {import("./server.js").Server} Server */
/** @typedef {import("./server.js").Variant} Variant */
/** @typedef {import("./variants.js").Build} Build */

const PATH = "/v1/secrets";
const TURNS = 6;
const SATURATION_SECONDS = 1;
const SETTLE_SECONDS = 2;
const FLOOR = "bare floor";
const FLOOR_AGAIN = "bare floor, again";
/** @type {import("./figures.js").Target} */
const BESIDE_FLOOR = { of: "ratio", atMost: 1.5 };

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
		/** @type {Record<string, Variant>} */
		const variants = { [build.name]: agent, [FLOOR]: floor };
		if (build === all[0]) variants[FLOOR_AGAIN] = floor;
		const times = await inRounds(variants, rounds, (servers) => atOneRate(servers, build.name, seconds));
		figures.push(...figuresOf(build, times));
		series.push({ name: build.name, points: curve(times[build.name] ?? []) });
		series.push({ name: `bare floor on Node ${build.nodeVersion}`, points: curve(times[FLOOR] ?? []) });
	}
	return { figures, missing, series };
}

/**
 * Half of what one of these servers can do at this moment, in requests per second, when all have got used to it: what a
 * machine that others use could do a minute ago, it may not be able to do now, and V8 compiles some code anew when requests
 * come otherwise than before.
 * @param {Readonly<Record<string, Server>>} servers
 * @param {Server} of
 * @param {string} path
 * @returns {Promise<number>}
 */
export async function settledRate(servers, of, path) {
	const all = Object.values(servers);
	await warmedUp(path)(all);
	const rate = Math.round((await perSecond(path, SATURATION_SECONDS)(of)) / 2);
	for (const server of all) await paced(server.url(path), { rate, seconds: SETTLE_SECONDS });
	return rate;
}

/** @param {Readonly<Record<string, Server>>} servers @param {string} agent @param {number} seconds */
async function atOneRate(servers, agent, seconds) {
	const rate = await settledRate(servers, /** @type {Server} */ (servers[agent]), PATH);
	/** @type {Record<string, () => Promise<Paced>>} */
	const turns = {};
	for (const [name, server] of Object.entries(servers))
		turns[name] = () => paced(server.url(PATH), { rate, seconds });
	return byTurns(TURNS, turns);
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
