// Finds the numbers of attacks in the titles of tests.

import { tokens } from "./tokens.js";

/** @typedef {import("./tokens.js").Token} Token */

const TEST_FUNCTIONS = new Set(["it", "test", "describe"]);
const NOT_RUN = new Set(["skip", "todo"]);

/** Titles and rows of tables that give titles begin like this. */
const LEADING = /^(?:[ATLD]\d{1,2}(?:[,:]? +|$))+/;
const NUMBER = /\b[ATLD]\d{1,2}\b/g;

/**
 * The numbers of each title, or row of a table of titles, that names any. Comments do not count, and neither does
 * what stands in a test or suite that is skipped or still to do.
 * @param {string} source
 * @returns {string[][]}
 */
export function numberedTitles(source) {
	const all = tokens(source);
	/** @type {Map<number, number>} Where the parenthesis that closes there was opened. */
	const openings = new Map();
	/** @type {{ index: number, isTest: boolean, isRun: boolean }[]} */
	const open = [];
	/** @type {string[][]} */
	const found = [];
	for (const [index, { kind, value }] of all.entries()) {
		const call = open.at(-1);
		if (kind === "mark" && value === "(") {
			const words = callee(all, index, openings);
			open.push({
				index,
				isTest: TEST_FUNCTIONS.has(words.at(-1) ?? ""),
				isRun: (call?.isRun ?? true) && !words.some((word) => NOT_RUN.has(word)),
			});
		} else if (kind === "mark" && value === ")") {
			openings.set(index, open.pop()?.index ?? 0);
		} else if (kind === "text" && (call?.isRun ?? true)) {
			const isTitle = call?.isTest === true && call.index === index - 1;
			const numbers = isTitle ? value : (LEADING.exec(value)?.[0] ?? "");
			found.push([...new Set(numbers.match(NUMBER))]);
		}
	}
	return found.filter((numbers) => numbers.length > 0);
}

/**
 * The names in what is called, last first: `each` and `it` for `it.each(rows)(`.
 * @param {readonly Token[]} all
 * @param {number} opening
 * @param {ReadonlyMap<number, number>} openings
 */
function callee(all, opening, openings) {
	/** @type {string[]} */
	const words = [];
	for (let index = opening - 1; index >= 0; index -= 1) {
		const { kind, value } = /** @type {Token} */ (all[index]);
		if (kind === "mark" && value === ")") {
			index = openings.get(index) ?? 0;
		} else if (kind === "word") {
			words.push(value);
			if (all[index - 1]?.value !== ".") break;
			index -= 1;
		} else if (kind === "mark") break;
	}
	return words;
}
