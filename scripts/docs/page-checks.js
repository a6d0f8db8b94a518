// What every page must hold to: links that lead somewhere, and names of variables and scripts that exist.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** @typedef {import("../../packages/core/src/env/index.js").VariableDescription} VariableDescription */

/**
 * Relative links whose file, or heading in it, does not exist.
 * @param {string} text
 * @param {string} folder
 * @returns {string[]}
 */
export function deadLinks(text, folder) {
	const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
	return targets
		.filter((target) => !/^[a-z]+:/.test(target))
		.filter((target) => !leadsSomewhere(target, text, folder))
		.map((target) => `the link ${target} leads nowhere`);
}

/**
 * `CLEF_AGENT_*` names that the agent does not know.
 * @param {string} text
 * @param {readonly VariableDescription[]} variables
 * @returns {string[]}
 */
export function unknownVariables(text, variables) {
	/** @type {Set<string>} */
	const known = new Set(
		variables.flatMap(({ name, fileAllowed }) => (fileAllowed ? [name, `${name}_FILE`] : [name])),
	);
	// A name that ends in an underscore is the beginning of a pattern such as CLEF_AGENT_*.
	const used = new Set(text.match(/CLEF_AGENT_[A-Z_]*/g)?.filter((name) => !name.endsWith("_")));
	return [...used].filter((name) => !known.has(name)).map((name) => `${name} is not a variable`);
}

/**
 * `npm run` of something that package.json does not have.
 * @param {string} text
 * @param {Readonly<Record<string, string>>} scripts
 * @returns {string[]}
 */
export function unknownScripts(text, scripts) {
	const used = new Set(
		[...text.matchAll(/\bnpm run (?:-\S+ )*([a-z][\w:-]*)/g)].map(([, name]) => name ?? ""),
	);
	return [...used].filter((name) => !(name in scripts)).map((name) => `\`npm run ${name}\` runs nothing`);
}

/** @param {string} target @param {string} text @param {string} folder */
function leadsSomewhere(target, text, folder) {
	const [path = "", heading] = target.split("#");
	const file = resolve(folder, path);
	if (path !== "" && !existsSync(file)) return false;
	if (heading === undefined) return true;
	return headings(path === "" ? text : readFileSync(file, "utf8")).includes(heading);
}

/** Headings as GitHub turns them into anchors. @param {string} text */
function headings(text) {
	return [...withoutCode(text).matchAll(/^#+ +(.+)$/gm)].map(([, title]) =>
		(title ?? "")
			.toLowerCase()
			.replace(/[^\p{L}\p{N} _-]/gu, "")
			.replaceAll(" ", "-"),
	);
}

/** @param {string} text */
function withoutCode(text) {
	return text.replace(/^```.*?^```/gms, "");
}
