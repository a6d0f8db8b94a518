// How fast answers are served: requests per second and processor time per request, beside a server that only writes
// the same bytes and beside what people write by hand.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkSameAnswer } from "./floor-check.js";
import { CONNECTIONS, generators } from "./load.js";
import { packedIn } from "./packed.js";
import { together, warmedUp } from "./together.js";
import { agentOn, builds, ETAG, expressOn, floorFor } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./figures.js").Target} Target */
/** @typedef {import("./server.js").Variant} Variant */
/** @typedef {import("./variants.js").Build} Build */
/** What is held beside what, by their names. @typedef {{ subject: string, reference: string, targets: Target[] }} Comparison */
/** By generator. @typedef {Record<string, { perSecond: number, cpuMicros: number }>} Measured */
/**
 * What is asked; `beside` says what it is measured beside, other than the floor.
 * @typedef {{ what: string, path: string, packed: import("./variants.js").Packed, bodyFile: string, etag?: string, beside: readonly string[] }} Scenario
 */

const TURNS = 4;
/** @type {Target} */
const BESIDE_FLOOR = { of: "ratio", atLeast: 0.75 };
/** @type {Target} */
const BESIDE_EXPRESS = { of: "ratio", atLeast: 4 };
const FLOOR_AGAIN = "bare floor, again";
const EXPRESS = "Express";

/** The part about throughput and processor time per request. @type {import("./parts.js").Part} */
export async function serving({ folder, rounds, seconds }) {
	const { builds: all, missing } = builds();
	const load = generators();
	/** @type {Figure[]} */
	const figures = [];
	for (const scenario of scenarios(folder)) {
		for (const build of all) await checkSameAnswer(...agentAndFloor(scenario, build), scenario.path);
		const course = { rounds, turns: TURNS, before: warmedUp(scenario.path) };
		const results = await together(variantsOf(scenario, all), course, (server) =>
			measured(server, scenario.path, seconds),
		);
		for (const { name } of load.generators)
			for (const comparison of comparisons(scenario, all))
				figures.push(...figuresOf(scenario, name, results, comparison));
	}
	return { figures, missing: [...missing, ...load.missing] };
}

/** @param {string} folder @returns {Scenario[]} */
function scenarios(folder) {
	const [few, many] = [packedIn(folder, 20), packedIn(folder, 500)];
	const one = join(folder, "one.json");
	writeFileSync(one, JSON.stringify({ value: `value-7-${"x".repeat(40)}` }));
	const whole = (/** @type {number} */ keys) => ({
		what: `GET /v1/secrets, ${keys} keys`,
		...{ path: "/v1/secrets", etag: ETAG },
	});
	return [
		{ ...whole(20), packed: few, bodyFile: few.body, beside: [EXPRESS, FLOOR_AGAIN] },
		{ ...whole(500), packed: many, bodyFile: many.body, beside: [EXPRESS] },
		{ what: "GET /v1/secrets/:key", path: "/v1/secrets/KEY_7", packed: few, bodyFile: one, beside: [] },
	];
}

/** @param {Scenario} scenario @param {readonly Build[]} builds */
function variantsOf(scenario, builds) {
	const { packed, beside } = scenario;
	/** @type {Record<string, Variant>} */
	const variants = {};
	for (const build of builds) {
		const [agent, floor] = agentAndFloor(scenario, build);
		variants[build.name] = agent;
		variants[floorName(build)] = floor;
		// Of the first build alone: what differs between two runs of the same is much the same on any Node.js.
		if (beside.includes(FLOOR_AGAIN)) variants[FLOOR_AGAIN] ??= floor;
	}
	if (beside.includes(EXPRESS)) variants[EXPRESS] = expressOn(packed.body);
	return variants;
}

/** @param {Scenario} scenario @param {Build} build @returns {[Variant, Variant]} */
function agentAndFloor({ packed, bodyFile, etag }, build) {
	return [agentOn(build, packed), floorFor(build, bodyFile, etag)];
}

/** @param {Build} build */
function floorName({ nodeVersion }) {
	return `bare floor on Node ${nodeVersion}`;
}

/**
 * @param {import("./server.js").Server} server
 * @param {string} path
 * @param {number} seconds
 * @returns {Promise<Measured>}
 */
async function measured(server, path, seconds) {
	/** @type {Measured} */
	const results = {};
	for (const { name, run } of generators().generators) {
		const before = server.cpuMs();
		const { requests, seconds: took } = await run(server.url(path), seconds);
		const cpuMicros = ((server.cpuMs() - before) * 1000) / requests;
		results[name] = { perSecond: requests / took, cpuMicros };
	}
	return results;
}

/** @param {Scenario} scenario @param {readonly Build[]} builds @returns {Comparison[]} */
function comparisons({ beside }, builds) {
	const [first] = /** @type {readonly [Build]} */ (builds);
	const again = { subject: FLOOR_AGAIN, reference: floorName(first), targets: [] };
	return [
		...(beside.includes(FLOOR_AGAIN) ? [again] : []),
		...builds.map((build) => ({
			...{ subject: build.name, reference: floorName(build), targets: [BESIDE_FLOOR] },
		})),
		...(beside.includes(EXPRESS)
			? builds.map(({ name }) => ({ subject: name, reference: EXPRESS, targets: [BESIDE_EXPRESS] }))
			: []),
	];
}

/**
 * @param {Scenario} scenario
 * @param {string} generator
 * @param {Record<string, Measured[]>} results
 * @param {Comparison} comparison
 * @returns {Figure[]}
 */
function figuresOf({ what }, generator, results, { subject, reference, targets }) {
	const of = (/** @type {string} */ name, /** @type {"perSecond" | "cpuMicros"} */ value) =>
		(results[name] ?? []).map((measured) => Number(measured[generator]?.[value]));
	const shared = { what: `${what}, ${CONNECTIONS} connections`, subject, reference };
	return [
		{
			...{ ...shared, measure: `requests per second (${generator})`, unit: "requests/s", targets },
			values: { subject: of(subject, "perSecond"), reference: of(reference, "perSecond") },
		},
		{
			...{ ...shared, measure: `processor time per request (${generator})`, unit: "µs" },
			values: { subject: of(subject, "cpuMicros"), reference: of(reference, "cpuMicros") },
		},
	];
}
