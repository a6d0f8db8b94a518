// What is served after a rest, as agents mostly are: V8 tidies up a process that rests, and what it throws away can make
// all that follows slower.

import { CONNECTIONS, lightest } from "./load.js";
import { packedIn } from "./packed.js";
import { byTurns } from "./rounds.js";
import { Server } from "./server.js";
import { agentOn, builds, ETAG, floorFor } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./server.js").Variant} Variant */

/** V8 waits for eight seconds before it tidies up, and takes two turns. */
const REST_MS = 12_000;
const WARM_UP_SECONDS = 1;
/** One forward and one back. */
const TURNS = 2;
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
	/** @type {Record<string, number[]>} */
	const perSecond = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
	for (let round = 0; round < rounds; round += 1) {
		for (const [name, values] of Object.entries(await afterRest(variants, seconds)))
			perSecond[name]?.push(...values);
	}
	return { figures: all.map((build) => figureOf(build, perSecond)), missing };
}

/** @param {import("./variants.js").Build} build */
function floorName({ nodeVersion }) {
	return `bare floor on Node ${nodeVersion}, rested too`;
}

/**
 * Requests per second of each, all of which rested at the same time.
 * @param {Record<string, Variant>} variants
 * @param {number} seconds
 */
async function afterRest(variants, seconds) {
	/** @type {Server[]} */
	const servers = [];
	try {
		/** @type {Record<string, () => Promise<number>>} */
		const turns = {};
		for (const [name, variant] of Object.entries(variants)) {
			const server = await Server.start(variant);
			servers.push(server);
			turns[name] = () => served(server, seconds);
		}
		await new Promise((resolve) => setTimeout(resolve, REST_MS));
		return await byTurns(TURNS, turns);
	} finally {
		for (const server of servers) await server.stop();
	}
}

/** @param {Server} server @param {number} seconds */
async function served({ port }, seconds) {
	const url = `http://127.0.0.1:${port}${PATH}`;
	await lightest().run(url, WARM_UP_SECONDS);
	const { requests, seconds: took } = await lightest().run(url, seconds);
	return requests / took;
}

/** @param {import("./variants.js").Build} build @param {Record<string, number[]>} perSecond @returns {Figure} */
function figureOf(build, perSecond) {
	const reference = floorName(build);
	return {
		what: `GET ${PATH}, ${KEYS} keys, ${CONNECTIONS} connections, after ${REST_MS / 1000} s without a request`,
		...{ measure: `requests per second (${lightest().name})`, unit: "requests/s" },
		...{ subject: build.name, reference },
		targets: [{ of: "ratio", atLeast: 0.75 }],
		values: { subject: perSecond[build.name] ?? [], reference: perSecond[reference] ?? [] },
	};
}
