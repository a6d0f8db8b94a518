// How costs grow with the number of keys: of one key's answer not at all, of a refresh with the bytes.

import { statSync } from "node:fs";
import { spreadOf } from "./figures.js";
import { CONNECTIONS, lightest } from "./load.js";
import { packedIn } from "./packed.js";
import { refreshing, timed } from "./refreshing.js";
import { byTurns } from "./rounds.js";
import { together, warmedUp } from "./together.js";
import { agentOn, builds } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./variants.js").Packed} Packed */

const SIZES = /** @type {const} */ ([10, 100, 1_000, 10_000]);
const PATH = "/v1/secrets/KEY_7";
const TURNS = 6;
const REFRESHES_PER_ROUND = 15;
/** Which is the first where what every refresh takes, however small, is little. */
const LARGE = 1_000;

/** The part about how costs grow with the number of keys. @type {import("./parts.js").Part} */
export async function growth({ folder, rounds, seconds }) {
	const packed = new Map(SIZES.map((keys) => [keys, packedIn(folder, keys)]));
	const { builds: all, missing } = builds();
	const [build] = /** @type {[import("./variants.js").Build]} */ (all);
	const agents = Object.fromEntries([...packed].map(([keys, each]) => [keys, agentOn(build, each)]));
	const course = { rounds, turns: TURNS, before: warmedUp(PATH) };
	const requests = await together(agents, course, (server) => cpuMicrosPerRequest(server, seconds));
	const perByte = await refreshes(packed, rounds);
	const series = [
		{ name: "GET /v1/secrets/:key, processor time per request", points: growthOf(requests) },
		{ name: "refresh, time per byte", points: growthOf(perByte) },
	];
	return {
		figures: [...answerFigures(build.name, requests), ...refreshFigures(perByte)],
		missing,
		series,
	};
}

/** @param {import("./server.js").Server} server @param {number} seconds */
async function cpuMicrosPerRequest(server, seconds) {
	const before = server.cpuMs();
	const { requests } = await lightest().run(server.url(PATH), seconds);
	return ((server.cpuMs() - before) * 1000) / requests;
}

/** Nanoseconds per byte of the artifact. @param {ReadonlyMap<number, Packed>} packed @param {number} rounds */
async function refreshes(packed, rounds) {
	/** @type {Record<string, () => Promise<number>>} */
	const each = {};
	/** @type {import("./refreshing.js").Work[]} */
	const all = [];
	for (const [keys, files] of packed) {
		const work = await refreshing(files);
		const bytes = statSync(files.artifact).size;
		all.push(work);
		each[keys] = async () => ((await timed(work)) * 1e6) / bytes;
	}
	await byTurns(REFRESHES_PER_ROUND, each);
	const times = await byTurns(rounds * REFRESHES_PER_ROUND, each);
	for (const work of all) await work.close();
	return times;
}

/** Medians over the smallest one's. @param {Record<string, number[]>} values @returns {[number, number][]} */
function growthOf(values) {
	const medians = SIZES.map((keys) => spreadOf(values[keys] ?? []).median);
	return SIZES.map((keys, index) => [keys, Number(medians[index]) / Number(medians[0])]);
}

/** @param {string} subject @param {Record<string, number[]>} values @returns {Figure[]} */
function answerFigures(subject, values) {
	const [smallest, ...larger] = SIZES;
	return larger.map((keys) => ({
		what: `GET /v1/secrets/:key, ${CONNECTIONS} connections`,
		...{ measure: "processor time per request", unit: "µs" },
		subject: `${subject}, ${keys} keys`,
		reference: `${smallest} keys`,
		targets: [{ of: "ratio", atMost: 1.1 }],
		values: { subject: values[keys] ?? [], reference: values[smallest] ?? [] },
	}));
}

/** @param {Record<string, number[]>} values @returns {Figure[]} */
function refreshFigures(values) {
	const largest = SIZES.at(-1) ?? LARGE;
	return [
		{
			what: "a whole refresh, in-process",
			...{ measure: "time per byte of the artifact", unit: "ns/byte" },
			subject: `library, ${largest} keys`,
			reference: `${LARGE} keys`,
			targets: [{ of: "ratio", atMost: 1.1 }],
			values: { subject: values[largest] ?? [], reference: values[LARGE] ?? [] },
		},
	];
}
