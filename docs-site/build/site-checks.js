// What every built page must hold to: links and anchors that lead somewhere, nothing loaded from elsewhere or written
// in the page where its policy forbids that, and headings in order.

import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { outline, readPages } from "./html.js";

/** @typedef {import("./html.js").Outline} Outline */
/** @typedef {Outline["elements"][number]} Element */

/** Attributes by which an element loads something, or leads to it. */
const LOADING = ["src", "srcset", "poster", "data"];

/**
 * @param {string} folder of the site
 * @returns {string[]}
 */
export function siteProblems(folder) {
	const pages = new Map(readPages(folder).map(({ url, html }) => [url, outline(html)]));
	const anchors = new Map(
		[...pages].map(([url, { elements }]) => [url, new Set(elements.map(({ attributes }) => attributes.id))]),
	);
	return [...pages].flatMap(([url, page]) =>
		[
			...page.elements.flatMap((element) => [
				...foreignParts(element),
				...targetsOf(element).flatMap((target) => deadTarget(folder, anchors, url, target)),
			]),
			...repeatedIds(page),
			...headingProblems(page),
		].map((problem) => `${url}: ${problem}`),
	);
}

/** @param {Element} element */
function foreignParts({ name, attributes }) {
	const loaded = LOADING.map((attribute) => attributes[attribute] ?? "");
	// A link that is not to be clicked on is loaded too: a style, a font, an icon.
	if (name === "link") loaded.push(attributes.href ?? "");
	return [
		...loaded
			.filter((target) => /^(?:[a-z][a-z+.-]*:|\/\/)/i.test(target))
			.map((target) => `<${name}> loads ${target} from elsewhere`),
		...(name === "style" || "style" in attributes ? [`<${name}> has a style of its own`] : []),
		...(name === "script" && !("src" in attributes) ? ["a <script> is written in the page"] : []),
		...Object.keys(attributes)
			.filter((attribute) => attribute.startsWith("on"))
			.map((attribute) => `<${name}> has the script ${attribute}`),
	];
}

/** @param {Element} element */
function targetsOf({ attributes }) {
	return [attributes.href, attributes.src, attributes["data-index"], attributes["data-root"]].filter(
		(target) => target !== undefined,
	);
}

/**
 * @param {string} folder
 * @param {ReadonlyMap<string, ReadonlySet<string | undefined>>} anchors
 * @param {string} url
 * @param {string} target
 */
function deadTarget(folder, anchors, url, target) {
	if (/^(?:[a-z][a-z+.-]*:|\/\/)/i.test(target)) return [];
	const [path = "", anchor] = target.split("#");
	const file = path === "" ? url : posix.join(posix.dirname(url), decodeURI(path));
	const leads =
		!file.startsWith("..") && existsSync(join(folder, file)) && statSync(join(folder, file)).isFile();
	if (!leads) return [`the link ${target} leads nowhere`];
	const isFound = anchor === undefined || anchors.get(file)?.has(decodeURIComponent(anchor));
	return isFound ? [] : [`the link ${target} leads to no place in that page`];
}

/** @param {Outline} page */
function repeatedIds({ elements }) {
	const ids = elements.flatMap(({ attributes }) => attributes.id ?? []);
	const repeated = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
	return [...repeated].map((id) => `the id ${id} is there twice`);
}

/** @param {Outline} page */
function headingProblems({ headings }) {
	const first = headings.filter(({ level }) => level === 1).length;
	return [
		...(first === 1 ? [] : [`there are ${first} headings of the first level`]),
		...headings
			.filter(({ level }, index) => level > (headings[index - 1]?.level ?? 0) + 1)
			.map(({ title, level }) => `the heading "${title}" of level ${level} skips one`),
	];
}
