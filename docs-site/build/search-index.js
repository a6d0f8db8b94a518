// The index that the search in the browser loads: one entry for each section, and for each row with a name.

import MiniSearch from "minisearch";
import { INDEX_OPTIONS } from "../browser/search-options.js";
import { sections } from "./html.js";

/**
 * @param {readonly { url: string, html: string }[]} pages
 * @returns {string} JSON
 */
export function searchIndex(pages) {
	const index = new MiniSearch(INDEX_OPTIONS);
	index.addAll(
		pages.flatMap(({ url, html }) =>
			sections(html).map(({ id, page, title, text }) => ({
				id: id === undefined ? url : `${url}#${id}`,
				page,
				title,
				text,
				excerpt: excerpt(title, text),
			})),
		),
	);
	return JSON.stringify(index);
}

/** The text's beginning; a row's own begins with its name, which is the title already. @param {string} title @param {string} text */
function excerpt(title, text) {
	const rest = text.startsWith(title) ? text.slice(title.length).trim() : text;
	return rest.length > 180 ? `${rest.slice(0, 180).replace(/\s\S*$/, "")} …` : rest;
}
