// Reads pages of the built site: their sections, what they link to and what they load.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "htmlparser2";

/** Elements that do not end a word. */
const WITHIN_WORDS = new Set(["a", "code", "em", "span", "strong", "wbr"]);

/** @typedef {{ id: string | undefined, page: string, title: string, text: string }} Section */
/** @typedef {{ level: number, id: string | undefined, title: string }} Heading */

/**
 * @typedef {object} Outline
 * @property {readonly { name: string, attributes: Readonly<Record<string, string>> }[]} elements
 * @property {readonly Heading[]} headings
 */

/**
 * The pages of a built site.
 * @param {string} output
 * @returns {{ url: string, html: string }[]}
 */
export function readPages(output) {
	return readdirSync(output, { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".html"))
		.sort()
		.map((name) => ({ url: name.replaceAll("\\", "/"), html: readFileSync(join(output, name), "utf8") }));
}

/**
 * Every element of a page with its attributes, and its headings in their order.
 * @param {string} html
 * @returns {Outline}
 */
export function outline(html) {
	/** @type {{ name: string, attributes: Record<string, string> }[]} */
	const elements = [];
	/** @type {Heading[]} */
	const headings = [];
	/** @type {Heading | undefined} */
	let open;
	const parser = new Parser({
		onopentag(name, attributes) {
			elements.push({ name, attributes });
			const level = headingLevel(name);
			if (level === undefined) return;
			open = { level, id: attributes.id, title: "" };
			headings.push(open);
		},
		ontext(text) {
			if (open !== undefined) open.title += text;
		},
		onclosetag(name) {
			if (headingLevel(name) !== undefined) open = undefined;
		},
	});
	parser.end(html);
	return { elements, headings };
}

/**
 * What may be searched for in a page's `<main>`: its sections, and the rows that have an id, each as one of its own.
 * @param {string} html
 * @returns {Section[]}
 */
export function sections(html) {
	const reader = new SectionReader();
	const parser = new Parser({
		onopentag: (name, attributes) => reader.open(name, attributes),
		ontext: (text) => reader.text(text),
		onclosetag: (name) => reader.close(name),
	});
	parser.end(html);
	return reader.finished();
}

class SectionReader {
	/** @type {Section[]} */
	#sections = [];
	/** @type {Section | undefined} */
	#section;
	/** @type {Section | undefined} */
	#row;
	#page = "";
	#isInMain = false;
	#isInHeading = false;

	/** @param {string} name @param {Readonly<Record<string, string>>} attributes */
	open(name, { id }) {
		if (name === "main") this.#isInMain = true;
		if (!this.#isInMain) return;
		if (headingLevel(name) !== undefined) {
			// A page's first heading stands for the page itself.
			this.#section = this.#begin(name === "h1" ? undefined : id);
			this.#isInHeading = true;
		} else if (name === "tr" && id !== undefined) {
			this.#row = this.#begin(id, id);
		}
		if (!WITHIN_WORDS.has(name)) this.text(" ");
	}

	/** @param {string} text */
	text(text) {
		const section = this.#row ?? this.#section;
		if (section === undefined || !this.#isInMain) return;
		if (this.#isInHeading) section.title += text;
		else section.text += text;
	}

	/** @param {string} name */
	close(name) {
		if (name === "main") this.#isInMain = false;
		if (name === "tr") this.#row = undefined;
		if (!this.#isInHeading || headingLevel(name) === undefined) return;
		this.#isInHeading = false;
		if (name === "h1") this.#page = this.#section?.title.trim() ?? "";
		if (this.#section !== undefined) this.#section.page = this.#page;
	}

	finished() {
		return this.#sections.map(({ id, page, title, text }) => ({
			id,
			page,
			title: title.replace(/\s+/g, " ").trim(),
			text: text.replace(/\s+/g, " ").trim(),
		}));
	}

	/** @param {string | undefined} id */
	#begin(id, title = "") {
		const section = { id, page: this.#page, title, text: "" };
		this.#sections.push(section);
		return section;
	}
}

/** @param {string} name */
function headingLevel(name) {
	const level = /^h([1-6])$/.exec(name)?.[1];
	return level === undefined ? undefined : Number(level);
}
