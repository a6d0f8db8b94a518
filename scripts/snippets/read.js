// Code blocks of the pages: each is executed by a test, or says itself why it cannot be.

import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
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

const FOLDERS = ["docs", "packages", "apps", "examples", "deploy"];
const FENCE =
	/^(?<indent> *)(?<fence>`{3,}|~{3,}) *(?<language>[\w-]*)[^\n]*\n(?<text>.*?)^ *\k<fence>[`~]* *$/gms;

/**
 * Every page of the project, by its path.
 * @returns {string[]}
 */
export function pageNames() {
	const inFolders = FOLDERS.flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
			.map((name) => join(folder, name))
			.filter((name) => name.endsWith(".md") && !/\b(?:node_modules|dist)\b/.test(name)),
	);
	return ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...inFolders].map((name) =>
		name.split(sep).join("/"),
	);
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
