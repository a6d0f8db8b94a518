// What is served after a rest, as agents mostly are: V8 tidies up a process that rests, and what it throws away can make
// all that follows slower.

import { CONNECTIONS, lightest } from "./load.js";
import { packedIn } from "./packed.js";
import { perSecond, together, warmedUp } from "./together.js";
import { agentOn, builds, ETAG, floorFor } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./server.js").Variant} Variant */

/** V8 waits for eight seconds before it tidies up, and takes two turns. */
const REST_MS = 12_000;
const TURNS = 6;
const PATH = "/v1/secrets";
const KEYS = 20;

/** @type {import("./parts.js").Part} */
export async function rested({ folder, rounds, seconds }) {
	const packed = packedIn(folder, KEYS);
	const { builds: all, missing } = builds();
	/** @type {Record<string, Variant>} */
	const variants = {};
	for (const build of all) {
		variants[build.name] = agentOn(build, packed);
		variants[floorName(build)] = floorFor(build, packed.body, ETAG);
	}
	const course = { rounds, turns: TURNS, before: restedAndWarm };
	const rates = await together(variants, course, perSecond(PATH, seconds));
	return { figures: all.map((build) => figureOf(build, rates)), missing };
}

/** @param {import("./variants.js").Build} build */
function floorName({ nodeVersion }) {
	return `bare floor on Node ${nodeVersion}, rested too`;
}

/** @param {readonly import("./server.js").Server[]} servers */
async function restedAndWarm(servers) {
	await new Promise((resolve) => setTimeout(resolve, REST_MS));
	await warmedUp(PATH)(servers);
}

/** @param {import("./variants.js").Build} build @param {Record<string, number[]>} rates @returns {Figure} */
function figureOf(build, rates) {
	const reference = floorName(build);
	return {
		what: `GET ${PATH}, ${KEYS} keys, ${CONNECTIONS} connections, after ${REST_MS / 1000} s without a request`,
		...{ measure: `requests per second (${lightest().name})`, unit: "requests/s" },
		...{ subject: build.name, reference },
		targets: [{ of: "ratio", atLeast: 0.75 }],
		values: { subject: rates[build.name] ?? [], reference: rates[reference] ?? [] },
	};
}
