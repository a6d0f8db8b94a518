// The pages of the site and their sidebar, from the files that are there and the groups that name them.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pageUrl } from "./links.js";

/** @typedef {import("../sidebar.js").Group} Group */
/** @typedef {import("../sidebar.js").Entry} Entry */
/** @typedef {{ source: string, url: string, title: string, label: string }} Page */
/** @typedef {{ title: string, pages: readonly Page[] }} NavigationGroup */

/**
 * The sidebar with the pages that are there.
 * @param {string} root the repository
 * @param {readonly Group[]} groups
 * @returns {NavigationGroup[]}
 */
export function navigation(root, groups) {
	return groups.map(({ title, entries }) => ({
		title,
		pages: entries
			.flatMap((entry) => expanded(root, entry))
			.filter(({ source }) => existsSync(join(root, source)))
			.map((entry) => page(root, entry)),
	}));
}

/**
 * Pages in `docs/` that no group names, and names of pages that are not there or are named twice.
 * @param {string} root the repository
 * @param {readonly Group[]} groups
 * @returns {string[]}
 */
export function sidebarProblems(root, groups) {
	const entries = groups.flatMap((group) => group.entries.flatMap((entry) => expanded(root, entry)));
	const named = entries.map(({ source }) => source);
	return [
		...markdownFiles(root, "docs/")
			.filter((source) => !named.includes(source))
			.map((source) => `${source} is in no group of docs-site/sidebar.js`),
		...entries
			.filter(({ source }) => !existsSync(join(root, source)))
			.map(({ source }) => `docs-site/sidebar.js names ${source}, which does not exist`),
		...named
			.filter((source, index) => named.indexOf(source) !== index)
			.map((source) => `docs-site/sidebar.js names ${source} twice`),
	];
}

/**
 * An entry for a folder becomes one for each of its pages.
 * @param {string} root
 * @param {Entry} entry
 * @returns {Entry[]}
 */
function expanded(root, entry) {
	if (!entry.source.endsWith("/")) return [entry];
	return markdownFiles(root, entry.source).map((source) => ({ source }));
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
function markdownFiles(root, folder) {
	return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".md"))
		.map((name) => `${folder}${name.replaceAll("\\", "/")}`)
		.sort();
}

/**
 * @param {string} root
 * @param {Entry} entry
 * @returns {Page}
 */
function page(root, { source, label }) {
	const heading = /^# +(.+)$/m.exec(readFileSync(join(root, source), "utf8"))?.[1];
	const title = heading ?? label ?? source;
	return { source, url: pageUrl(source), title, label: label ?? title };
}
