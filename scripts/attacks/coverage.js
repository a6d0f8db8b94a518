// Which tests name which attack, and what is missing.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow } from "../files.js";
import { packageFolders } from "../packages/manifests.js";
import { root } from "../run.js";
import { numberedTitles } from "./titles.js";

/** @typedef {import("../attacks.js").Attack} Attack */

/**
 * Tests of the parts, tests of the built command as a process, and the long runs.
 * @typedef {"unit" | "built command" | "long run"} TestKind
 */

/**
 * One number in one title; `file` is relative to the workspace, with slashes.
 * @typedef {{ number: string, kind: TestKind, file: string }} NumberedTitle
 */

/** Every number of an attack in a title of the project's tests. @returns {NumberedTitle[]} */
export function collectTitles() {
	return [
		...unitFolders().flatMap((folder) => titlesIn("unit", folder, /\.test\.ts$/)),
		// Suites that the tests of several packages share; only their titles have numbers.
		...titlesIn("unit", "packages/testkit/src", /\.ts$/),
		...titlesIn("built command", "e2e", /^[^/]+\.test\.ts$/),
		...titlesIn("long run", "stress", /\.test\.ts$/),
	];
}

/**
 * Attacks that a kind of test leaves out, and numbers in titles that stand for no attack.
 * @param {readonly Attack[]} attacks
 * @param {readonly NumberedTitle[]} titles
 * @returns {string[]}
 */
export function coverageProblems(attacks, titles) {
	const known = new Set(attacks.map(({ number }) => number));
	const unknown = titles.filter(({ number }) => !known.has(number));
	return [
		...unknown.map(({ number, file }) => `${file}: scripts/attacks.js has no ${number}`),
		...attacks.flatMap((attack) => attackProblems(attack, titles)),
	];
}

/**
 * The titles of one kind of test that name one attack.
 * @param {readonly NumberedTitle[]} titles
 * @param {string} number
 * @param {TestKind} kind
 */
export function titlesOf(titles, number, kind) {
	return titles.filter((title) => title.number === number && title.kind === kind);
}

/**
 * @param {Attack} attack
 * @param {readonly NumberedTitle[]} titles
 * @returns {string[]}
 */
function attackProblems({ number, notBuilt }, titles) {
	const inCommand = titlesOf(titles, number, "built command").length > 0;
	if (notBuilt !== undefined) {
		return inCommand ? [`${number} has a test of the built command, but is listed as not built`] : [];
	}
	const inUnit = titlesOf(titles, number, "unit").length > 0;
	return [
		...(inUnit ? [] : [`${number} has no unit test`]),
		...(inCommand ? [] : [`${number} has no test of the built command`]),
	];
}

/** @returns {string[]} */
function unitFolders() {
	return packageFolders()
		.map((name) => `${name}/test`)
		.filter((folder) => existsSync(join(root, folder)));
}

/**
 * @param {TestKind} kind
 * @param {string} folder
 * @param {RegExp} names
 * @returns {NumberedTitle[]}
 */
function titlesIn(kind, folder, names) {
	return filesBelow(join(root, folder))
		.filter((name) => names.test(name) && !name.includes("node_modules/"))
		.flatMap((name) => {
			const file = `${folder}/${name}`;
			const titles = numberedTitles(readFileSync(join(root, file), "utf8"));
			return titles.flat().map((number) => ({ number, kind, file }));
		});
}
