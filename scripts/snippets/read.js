// Code blocks of the pages: each is executed by a test, or says itself why it cannot be.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.js";

/**
 * A fenced block of a page.
 * @typedef {object} Snippet
 * @property {string} page its path from the workspace's folder
 * @property {number} line where it begins, from 1
 * @property {string} language empty where the fence names none
 * @property {string} text
 * @property {string | undefined} notRun the reason in a comment directly above it: `<!-- not run: … -->`
 */

const FOLDERS = ["docs", "docs-site", "packages", "apps", "examples", "deploy"];
/** Thousands of folders with pages of others, or with copies. */
const NOT_OURS = new Set(["node_modules", "dist", "coverage"]);
const FENCE =
	/^(?<indent> *)(?<fence>`{3,}|~{3,}) *(?<language>[\w-]*)[^\n]*\n(?<text>.*?)^ *\k<fence>[`~]* *$/gms;

/**
 * Every page of the project, by its path.
 * @returns {string[]}
 */
export function pageNames() {
	return ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...FOLDERS.flatMap(pagesBelow)];
}

/** @param {string} folder @returns {string[]} */
function pagesBelow(folder) {
	return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
		const path = `${folder}/${entry.name}`;
		if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : pagesBelow(path);
		return path.endsWith(".md") ? [path] : [];
	});
}

/**
 * The blocks of one page, in order.
 * @param {string} page
 * @param {string} [text] what it holds; default: the file
 * @returns {Snippet[]}
 */
export function snippetsIn(page, text = readFileSync(join(root, page), "utf8")) {
	return [...text.matchAll(FENCE)].map((match) => {
		const before = text.slice(0, match.index).split("\n");
		const { language = "", text: code = "", indent = "" } = match.groups ?? {};
		return {
			page,
			line: before.length,
			language,
			text: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
			notRun: /^ *<!-- not run: (.+) -->$/.exec(before.at(-2) ?? "")?.[1],
		};
	});
}
