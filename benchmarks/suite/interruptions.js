// How often this machine takes a processor away from whoever computes on it, which no program can help: the tail of every
// latency has it.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** @typedef {{ percent: number, longestMs: number }} Reading */

const READER = fileURLToPath(new URL("../clock-reader.js", import.meta.url));
const TURNS = 6;
const GAP_MS = 0.1;
/** A server and who asks it. */
const PROCESSES = 2;
const run = promisify(execFile);

/** @type {import("./parts.js").Part} */
export async function interruptions({ rounds, seconds }) {
	/** @type {Reading[]} */
	const readings = [];
	for (let turn = 0; turn < rounds * TURNS; turn += 1)
		readings.push(...(await Promise.all(Array.from({ length: PROCESSES }, () => reading(seconds)))));
	const shared = { what: `${PROCESSES} processes that read a clock and do nothing else`, subject: "each" };
	return {
		missing: [],
		figures: [
			{
				...{ ...shared, measure: `time in gaps of ${GAP_MS} ms and more`, unit: "%" },
				values: { subject: readings.map(({ percent }) => percent) },
			},
			{
				...{ ...shared, measure: "longest gap of a turn", unit: "ms" },
				values: { subject: readings.map(({ longestMs }) => longestMs) },
			},
		],
	};
}

/** @param {number} seconds @returns {Promise<Reading>} */
async function reading(seconds) {
	const { stdout } = await run(process.execPath, [READER, String(seconds), String(GAP_MS)]);
	return JSON.parse(stdout);
}
