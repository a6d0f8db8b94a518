// Variants that live at the same time and are worked on by turns of a second. What the machine does to one of them, a
// neighbour that takes half of it for a while, it does to the one beside it as well; and what stands still takes nothing.

import { lightest } from "./load.js";
import { byTurns, rotated } from "./rounds.js";
import { Server } from "./server.js";

/** @typedef {import("./server.js").Variant} Variant */

const WARM_UP_SECONDS = 2;

/**
 * How often each variant gets its turn, and what comes before the first.
 * @typedef {object} Course
 * @property {number} rounds of fresh processes, since no two of the same are as fast
 * @property {number} turns of each variant in a round
 * @property {(servers: readonly Server[]) => Promise<void>} before once in a round, when all have started
 */

/**
 * The results of every variant's turns, in their order: those at one index were taken one right after the other.
 * @template T
 * @param {Readonly<Record<string, Variant>>} variants
 * @param {Course} course
 * @param {(server: Server) => Promise<T>} turn
 * @returns {Promise<Record<string, T[]>>}
 */
export function together(variants, { rounds, turns, before }, turn) {
	return inRounds(variants, rounds, async (servers) => {
		await before(Object.values(servers));
		return byTurns(turns, turnsOf(servers, turn));
	});
}

/**
 * The same of any work on fresh processes of all variants, which end whatever happens; `work` gives a round's results.
 * It has them in an order that rotates with the round, so that none is always the first to be started or to be asked.
 * @template {string} K
 * @template T
 * @param {Readonly<Record<K, Variant>>} variants
 * @param {number} rounds
 * @param {(servers: Readonly<Record<K, Server>>) => Promise<Record<K, T[]>>} work
 * @returns {Promise<Record<K, T[]>>}
 */
export async function inRounds(variants, rounds, work) {
	const names = /** @type {K[]} */ (Object.keys(variants));
	/** @type {Partial<Record<K, T[]>>} */
	const results = {};
	for (const name of names) results[name] = [];
	for (let round = 0; round < rounds; round += 1) {
		/** @type {Partial<Record<K, Server>>} */
		const servers = {};
		try {
			for (const name of rotated(names, round)) servers[name] = await Server.start(variants[name]);
			const taken = await work(/** @type {Record<K, Server>} */ (servers));
			for (const name of names) results[name]?.push(...taken[name]);
		} finally {
			for (const server of /** @type {Server[]} */ (Object.values(servers))) await server.stop();
		}
	}
	return /** @type {Record<K, T[]>} */ (results);
}

/**
 * @template T
 * @param {Readonly<Record<string, Server>>} servers
 * @param {(server: Server) => Promise<T>} turn
 */
function turnsOf(servers, turn) {
	const entries = Object.entries(servers).map(
		([name, server]) => /** @type {const} */ ([name, () => turn(server)]),
	);
	return Object.fromEntries(entries);
}

/**
 * Asks each server for this path as fast as it answers, until its code is compiled.
 * @param {string} path
 * @returns {Course["before"]}
 */
export function warmedUp(path) {
	return async (servers) => {
		for (const server of servers) await lightest().run(server.url(path), WARM_UP_SECONDS);
	};
}

/**
 * A turn: requests per second, by the generator that takes least.
 * @param {string} path
 * @param {number} seconds
 * @returns {(server: Server) => Promise<number>}
 */
export function perSecond(path, seconds) {
	return async (server) => {
		const served = await lightest().run(server.url(path), seconds);
		return served.requests / served.seconds;
	};
}
