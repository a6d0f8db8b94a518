// Requests per second by slices of a twentieth of a second: the generators of all servers live side by side, stopped but for
// the one whose turn it is. What the machine does to one server it then does to the others as well, even where it changes
// from one second to the next; what is left is that no two processes of the same code are as fast.

import { once } from "node:events";
import { lightest } from "./load.js";
import { rotated } from "./rounds.js";

/** @typedef {import("./load.js").Load} Load */
/** @typedef {import("./server.js").Server} Server */

const SLICE_MS = 50;
/** In which a generator opens its connections. */
const START_MS = 20;
/** In which a generator whose time is up notices. */
const END_MS = 1000;
/** What a turn takes beyond its slice, at most. */
const SLACK = 1.25;

/**
 * Requests per second of each server, while it was asked.
 * @template {string} K
 * @param {Readonly<Record<K, Server>>} servers
 * @param {string} path
 * @param {number} seconds for each of them
 * @returns {Promise<Record<K, number>>}
 */
export async function bySlices(servers, path, seconds) {
	const names = /** @type {K[]} */ (Object.keys(servers));
	// wrk tells what it did when its time is over, and not where it is interrupted: that may be one of its threads.
	const whole = Math.ceil(names.length * (seconds + START_MS / 1000) * SLACK);
	/** @type {Partial<Record<K, Slices>>} */
	const slices = {};
	try {
		for (const name of names) slices[name] = await Slices.start(servers[name].url(path), whole);
		for (let turn = 0; turn < (seconds * 1000) / SLICE_MS; turn += 1) {
			for (const name of rotated(names, turn)) await slices[name]?.take();
		}
		/** @type {Partial<Record<K, number>>} */
		const rates = {};
		for (const name of names) rates[name] = await slices[name]?.end();
		return /** @type {Record<K, number>} */ (rates);
	} finally {
		for (const one of /** @type {Slices[]} */ (Object.values(slices))) one.kill();
	}
}

/** One generator, which is stopped between its slices. */
class Slices {
	/** @param {Load} load @param {number} overAt */
	constructor(load, overAt) {
		this.load = load;
		this.overAt = overAt;
		this.milliseconds = 0;
	}

	/** @param {string} url @param {number} seconds in which all slices have to be taken */
	static async start(url, seconds) {
		const load = lightest().start(url, seconds);
		await once(load.child, "spawn");
		const slices = new Slices(load, performance.now() + seconds * 1000 + END_MS);
		await slices.#run(START_MS);
		return slices;
	}

	/** Nothing where the machine stood still for so long that the generator's time is up. */
	async take() {
		if (performance.now() + SLICE_MS > this.overAt - END_MS) return;
		this.load.child.kill("SIGCONT");
		await this.#run(SLICE_MS);
	}

	/** @returns {Promise<number>} */
	async end() {
		// When it goes on its time is over, so that it does nothing else.
		await new Promise((resolve) => setTimeout(resolve, this.overAt - performance.now()));
		this.load.child.kill("SIGCONT");
		const { requests } = await this.load.served;
		return (requests * 1000) / this.milliseconds;
	}

	kill() {
		this.load.child.kill("SIGKILL");
	}

	/** @param {number} forMs */
	async #run(forMs) {
		const began = performance.now();
		await new Promise((resolve) => setTimeout(resolve, forMs));
		this.load.child.kill("SIGSTOP");
		this.milliseconds += performance.now() - began;
	}
}
