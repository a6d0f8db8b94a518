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
				excerpt: text.length > 180 ? `${text.slice(0, 180).replace(/\s\S*$/, "")} …` : text,
			})),
		),
	);
	return JSON.stringify(index);
}
