// What the measures of many files are together.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.js";
import { duplicates } from "./duplicates.js";

/** @typedef {import("./measure.js").Measured} Measured */
/** @typedef {import("./workspace.js").Part} Part */
/** @typedef {{ median: number, p90: number, max: number }} Spread */

/**
 * The figures of a part of the workspace, or of several together.
 * @typedef {object} Figures
 * @property {string} name
 * @property {number} files
 * @property {Spread} fileLines
 * @property {Spread} functionLines
 * @property {number} testsToCode
 * @property {number} commentPercent
 * @property {number} publicNames over all entry points
 * @property {number} exported
 * @property {number} undocumented
 * @property {number} casts
 * @property {number} forbidden `any`, `!`, plain errors and empty catches
 * @property {number} duplicates
 */

/**
 * The figures of parts together.
 * @param {string} name
 * @param {readonly Part[]} parts
 * @returns {Figures}
 */
export function figures(name, parts) {
	const code = parts.flatMap((part) => part.code);
	const tests = parts.flatMap((part) => part.tests);
	const comments = sum(code.map((file) => file.comments));
	const entryPoints = parts.flatMap((part) => part.entryPoints);
	/** @param {"exported" | "undocumented" | "casts" | "anys" | "nonNulls" | "bareErrors" | "emptyCatches"} what */
	const count = (what) => sum(code.map((file) => file[what].length));
	return {
		name,
		files: code.length,
		fileLines: spread(code.map(({ lines }) => lines)),
		functionLines: spread(code.flatMap(({ functions }) => functions.map(({ lines }) => lines))),
		testsToCode: codeLines(tests) / codeLines(code),
		commentPercent: (100 * comments) / (comments + codeLines(code)),
		publicNames: sum(entryPoints.map(({ names }) => names)),
		exported: count("exported"),
		undocumented: count("undocumented"),
		casts: count("casts"),
		forbidden: count("anys") + count("nonNulls") + count("bareErrors") + count("emptyCatches"),
		duplicates: duplicates(code).length,
	};
}

/**
 * Lines of code of all tests, and of what only they use, for each line of code that is delivered.
 * @param {readonly Part[]} parts
 */
export function allTestsToCode(parts) {
	const used = parts.filter(({ name }) => ["e2e", "stress", "packages/testkit"].includes(name));
	const tests = [...parts.flatMap((part) => part.tests), ...used.flatMap((part) => part.code)];
	return codeLines(tests) / codeLines(parts.filter((part) => part.isDelivered).flatMap((part) => part.code));
}

/** How many actions of the workflows are named by a whole commit. */
export function pinnedActions() {
	const folder = join(root, ".github", "workflows");
	const used = readdirSync(folder).flatMap((name) => [
		...readFileSync(join(folder, name), "utf8").matchAll(/^\s*(?:- )?uses: (\S+)/gm),
	]);
	return {
		all: used.length,
		pinned: used.filter(([, action]) => /@[0-9a-f]{40}$/.test(action ?? "")).length,
	};
}

/** @param {readonly Measured[]} files */
function codeLines(files) {
	return sum(files.map(({ code }) => code.length));
}

/** @param {readonly number[]} numbers @returns {Spread} */
function spread(numbers) {
	const sorted = numbers.toSorted((a, b) => a - b);
	/** @param {number} share */
	const at = (share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
	return { median: at(0.5), p90: at(0.9), max: at(1) };
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
	return numbers.reduce((total, number) => total + number, 0);
}
