// How text becomes words of the search index; the same where it is made and where it is searched.

/** Error codes, variables and paths are found whole and by their parts. */
export const INDEX_OPTIONS = {
	fields: ["title", "page", "text"],
	storeFields: ["title", "page", "excerpt"],
};

/** The pages that say what a name means come before those that only mention it. */
const DEFINITIONS = /^(?:configuration|errors)\.html#/;

/** A word matches its beginnings, and with a slip in it; every word must match. */
export const SEARCH_OPTIONS = {
	boost: { title: 4, page: 2 },
	prefix: true,
	fuzzy: (/** @type {string} */ term) => (term.length > 5 ? 0.15 : 0),
	boostDocument: (/** @type {string} */ id) => (DEFINITIONS.test(id) ? 2 : 1),
	combineWith: /** @type {const} */ ("AND"),
};
