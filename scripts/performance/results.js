// The committed results of `npm run bench`.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { root } from "../run.js";

/** @typedef {import("../../benchmarks/suite/figures.js").Figure} Figure */
/** @typedef {import("../../benchmarks/suite/machine.js").Machine} Machine */
/** @typedef {import("../../benchmarks/suite/parts.js").Series} Series */

/**
 * What `npm run bench` writes for a part.
 * @typedef {object} Result
 * @property {string} part
 * @property {Machine} machine
 * @property {{ rounds: number, seconds: number, loadSeconds: number }} settings
 * @property {number} tookSeconds
 * @property {Figure[]} figures
 * @property {string[]} missing
 * @property {Series[]} [series]
 */

const FOLDER = "benchmarks/results";

/**
 * The results of these parts, which must all be of one machine: beside those of another they would say nothing.
 * @param {readonly string[]} parts
 * @returns {{ results: Result[] } | { problem: string }}
 */
export function committedResults(parts) {
	const absent = parts.find((part) => !existsSync(join(root, FOLDER, `${part}.json`)));
	if (absent !== undefined)
		return { problem: `${FOLDER}/${absent}.json is missing; run \`npm run bench -- ${absent}\`` };
	const results = parts.map(resultOf);
	const other = results.find(({ machine }) => !isDeepStrictEqual(machine, results[0]?.machine));
	return other === undefined
		? { results }
		: { problem: `${FOLDER}/${other.part}.json is of another machine; run \`npm run bench\` as a whole` };
}

/** @param {string} part @returns {Result} */
function resultOf(part) {
	return JSON.parse(readFileSync(join(root, FOLDER, `${part}.json`), "utf8"));
}
