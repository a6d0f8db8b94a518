// Finds blocks of code that nobody runs.

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../run.js";
import { pageNames, snippetsIn } from "./read.js";
import { RULES, TESTS } from "./rules.js";

/** @typedef {import("./read.js").Snippet} Snippet */
/** @typedef {import("./rules.js").Rule} Rule */

/** "needs Kubernetes" says what is missing; "later" does not. */
const LEAST_WORDS = 3;

/**
 * The blocks that a test has to run: it calls this with its own name among the runners, and the check looks for
 * that call.
 * @param {string} runner
 * @param {string} [page] only those of one page
 * @returns {Snippet[]}
 */
export function snippetsFor(runner, page) {
	const pages = page === undefined ? pageNames() : [page];
	return pages
		.flatMap((name) => snippetsIn(name))
		.filter((snippet) => snippet.notRun === undefined && ruleOf(snippet)?.run === runner);
}

/**
 * What is wrong with the blocks of all pages, and with the rules.
 * @param {{ snippets?: readonly Snippet[], rules?: readonly Rule[], tests?: Readonly<Record<string, string>> }} [given]
 * @returns {string[]}
 */
export function snippetProblems({
	snippets = pageNames().flatMap((page) => snippetsIn(page)),
	rules = RULES,
	tests = TESTS,
} = {}) {
	const running = snippets.filter(({ notRun }) => notRun === undefined);
	const unused = rules.filter((rule) => !running.some((snippet) => ruleOf(snippet, rules) === rule));
	return [
		...snippets.flatMap((snippet) => problemsOf(snippet, rules)),
		...unused.map(({ run, page }) => `scripts/snippets/rules.js: no block of ${page} is left for ${run}`),
		...[...new Set(rules.map(({ run }) => run))].flatMap((run) => runnerProblems(run, tests[run])),
	];
}

/** @param {Snippet} snippet @param {readonly Rule[]} rules @returns {string[]} */
function problemsOf(snippet, rules) {
	const { page, line, notRun, text } = snippet;
	const where = `${page}:${line}`;
	if (notRun !== undefined) {
		const isReason = notRun.split(" ").length >= LEAST_WORDS;
		return isReason ? [] : [`${where}: "${notRun}" is no reason for not running a block`];
	}
	const rule = ruleOf(snippet, rules);
	if (rule === undefined)
		return [
			`${where}: nothing runs this block; see scripts/snippets/rules.js, or say why: <!-- not run: … -->`,
		];
	const isSame = rule.same === undefined || readFileSync(join(root, rule.same), "utf8") === text;
	return isSame ? [] : [`${where}: is not what ${rule.same} holds, which is what is tested`];
}

/** @param {string} run @param {string | undefined} test @returns {string[]} */
function runnerProblems(run, test) {
	if (test === undefined || !existsSync(join(root, test)))
		return [`scripts/snippets/rules.js: ${run} names no test that exists`];
	const source = readFileSync(join(root, test), "utf8");
	const files = RULES.flatMap((rule) => (rule.run === run && rule.same !== undefined ? [rule.same] : []));
	if (files.length > 0)
		return files
			.filter((file) => !source.includes(`"${basename(file)}"`))
			.map((file) => `${test}: does not run ${file}, which a page shows`);
	return source.includes(`snippetsFor("${run}"`) ? [] : [`${test}: does not call snippetsFor("${run}")`];
}

/** @param {Snippet} snippet @param {readonly Rule[]} [rules] @returns {Rule | undefined} */
function ruleOf({ page, language, text }, rules = RULES) {
	return rules.find(
		(rule) => rule.page === page && (rule.language ?? language) === language && text.includes(rule.has ?? ""),
	);
}
