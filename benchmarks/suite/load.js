// Load from processes of their own. Two generators as fast as the server answers, so that neither's peculiarities pass
// for the server's, and one at a fixed rate.

import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { TOKEN } from "./variants.js";

/** Kept open at a time, in every measurement. */
export const CONNECTIONS = 32;

const PACED_WARM_UP_SECONDS = 0.5;
const AUTHORIZATION = `Authorization: Bearer ${TOKEN}`;
const AUTOCANNON = fileURLToPath(new URL("../node_modules/.bin/autocannon", import.meta.url));
const PACED = fileURLToPath(new URL("../paced-load.js", import.meta.url));

/** @typedef {{ requests: number, seconds: number }} Served */
/**
 * A generator at work, in a process that may be stopped and continued, or interrupted before its time.
 * @typedef {{ child: import("node:child_process").ChildProcess, served: Promise<Served> }} Load
 */

/**
 * @typedef {object} Generator
 * @property {string} name
 * @property {(url: string, seconds: number) => Load} start
 * @property {(url: string, seconds: number) => Promise<Served>} run the same, for its whole time
 */

/**
 * autocannon always, and wrk where it is installed.
 * @returns {{ generators: Generator[], missing: string[] }}
 */
export function generators() {
	const cannon = generator("autocannon", autocannon);
	// It knows no option that ends with success.
	const hasWrk = spawnSync("wrk", ["--version"]).error === undefined;
	return hasWrk
		? { generators: [cannon, generator("wrk", wrk)], missing: [] }
		: { generators: [cannon], missing: ["wrk (not installed)"] };
}

/** @param {string} name @param {Generator["start"]} start @returns {Generator} */
function generator(name, start) {
	return { name, start, run: (url, seconds) => start(url, seconds).served };
}

/** The one that takes least of the machine from the server. @returns {Generator} */
export function lightest() {
	return generators().generators.at(-1) ?? generator("autocannon", autocannon);
}

/**
 * Load by autocannon; fails where any answer is a refusal or an error.
 * @param {string} url
 * @param {number} seconds
 * @returns {Load}
 */
export function autocannon(url, seconds) {
	const args = ["-c", String(CONNECTIONS), "-d", String(seconds), "-j", "-n", "-H", AUTHORIZATION, url];
	const { child, said } = started(AUTOCANNON, args);
	return { child, served: said.then(byAutocannon) };
}

/** @param {string} said @returns {Served} */
function byAutocannon(said) {
	const { requests, non2xx, errors, duration } = JSON.parse(said);
	if (non2xx + errors > 0) throw new TypeError(`${non2xx} refusals and ${errors} errors under load`);
	return { requests: requests.total, seconds: duration };
}

/** @param {string} url @param {number} seconds @returns {Load} */
function wrk(url, seconds) {
	// It may be stopped for a while, which would pass for a server that does not answer.
	const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--timeout", "30s", "-H", AUTHORIZATION, url];
	const { child, said } = started("wrk", args);
	return { child, served: said.then(byWrk) };
}

/** @param {string} said @returns {Served} */
function byWrk(said) {
	const bad = /Non-2xx.*|Socket errors.*/.exec(said);
	if (bad !== null) throw new TypeError(`Under load: ${bad[0]}`);
	const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1]);
	const requests = Number(/(\d+) requests in/.exec(said)?.[1]);
	return { requests, seconds: requests / perSecond };
}

/**
 * What every request took that was due at a fixed rate, from when it was due; how many failed; and how often the
 * generator did not get to run for more than a millisecond. See paced-load.js for why not autocannon's.
 * @typedef {{ milliseconds: Record<string, number>, requests: number, errors: number, stalls: number }} Paced
 */

/**
 * Load at a fixed rate, after half a second of it that is not counted.
 * @param {string} url
 * @param {{ rate: number, seconds: number }} pace requests per second, and for how long
 * @returns {Promise<Paced>}
 */
export async function paced(url, { rate, seconds }) {
	const numbers = [rate, seconds, CONNECTIONS, PACED_WARM_UP_SECONDS].map(String);
	return JSON.parse(await started(process.execPath, [PACED, url, TOKEN, ...numbers]).said);
}

/** @param {string} command @param {readonly string[]} args */
function started(command, args) {
	const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
	/** @type {Promise<string>} */
	const said = new Promise((resolve, reject) => {
		let text = "";
		child.stdout.setEncoding("utf8").on("data", (more) => {
			text += more;
		});
		child.once("error", reject);
		child.once("close", (code) => {
			if (code === 0) resolve(text);
			else reject(new TypeError(`${command} ended with ${code}: ${text}`));
		});
	});
	return { child, said };
}
