// How the site's Markdown differs from plain Markdown: GitHub's anchors, links that lead to pages, tables that scroll in
// themselves, colours in code, and nothing that a strict Content-Security-Policy refuses.

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import typescript from "highlight.js/lib/languages/typescript";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = { go, ini, java, javascript, json, python, rust, bash, typescript, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** What a row of a table may be linked by: an error code, or a variable. */
const ROW_NAME = /^[A-Z][A-Z0-9_]+$/;

/** @typedef {import("./markdown-it.js").MarkdownIt} MarkdownIt */
/** @typedef {import("./markdown-it.js").Token} Token */

/**
 * @param {MarkdownIt} markdown
 * @param {(target: string, source: string) => string} resolveLink
 */
export function setUpMarkdown(markdown, resolveLink) {
	markdown.set({ html: true, linkify: false, typographer: false, highlight: highlighted });
	markdown.core.ruler.push("headings", ({ tokens }) => nameHeadings(tokens));
	markdown.core.ruler.push("tables", ({ tokens }) => nameRows(tokens));
	markdown.core.ruler.push("links", ({ tokens, env }) => {
		const { source } = /** @type {{ source: string }} */ (env);
		for (const token of tokens.flatMap(({ children }) => children ?? [])) {
			if (token.type === "link_open") resolveAttribute(token, "href", source, resolveLink);
			if (token.type === "image") resolveAttribute(token, "src", source, resolveLink);
		}
	});
	const { rules } = markdown.renderer;
	// What scrolls in itself must be reached by the keyboard.
	rules.table_open = () => '<div class="table" tabindex="0"><table>\n';
	rules.table_close = () => "</table></div>\n";
	const { fence } = rules;
	rules.fence = (tokens, index, options, env, renderer) =>
		fence?.(tokens, index, options, env, renderer).replace("<pre>", '<pre tabindex="0">') ?? "";
	rules.code_inline = (tokens, index) => `<code>${breakable(tokens[index]?.content ?? "")}</code>`;
	rules.heading_close = (tokens, index) => {
		const { tag = "", attrGet } = tokens[index - 2] ?? {};
		const id = attrGet?.call(tokens[index - 2], "id");
		return `<a class="anchor" href="#${id}" aria-label="Link to this place"></a></${tag}>\n`;
	};
	const { image } = rules;
	rules.image = (tokens, index, options, env, renderer) =>
		`<span class="picture" tabindex="0">${image?.(tokens, index, options, env, renderer)}</span>`;
}

/**
 * The headings of the second and third level in a page made here, with their titles as HTML.
 * @param {string} html
 * @returns {{ level: string, id: string, title: string }[]}
 */
export function pageOutline(html) {
	return [...html.matchAll(/<h([23]) id="([^"]+)">(.*?)<a class="anchor"/g)].map(
		([, level = "", id = "", title = ""]) => ({ level, id, title: title.replace(/<(?!wbr)[^>]*>/g, "") }),
	);
}

/** Long names of variables and paths break where their words end, so that tables fit. @param {string} code */
function breakable(code) {
	return escapeHtml(code).replace(/(?<=\w)[_/](?=\w)/g, "$&<wbr>");
}

/** @param {string} text */
function escapeHtml(text) {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** @param {string} code @param {string} language @returns {string} empty where it stays as it is */
function highlighted(code, language) {
	return hljs.getLanguage(language) === undefined ? "" : hljs.highlight(code, { language }).value;
}

/**
 * The anchor that GitHub gives a heading.
 * @param {string} title
 * @returns {string}
 */
function headingAnchor(title) {
	return title
		.toLowerCase()
		.replace(/[^\p{L}\p{N} _-]/gu, "")
		.replaceAll(" ", "-");
}

/** @param {Token} token @param {string} name @param {string} source @param {(target: string, source: string) => string} resolveLink */
function resolveAttribute(token, name, source, resolveLink) {
	token.attrSet(name, resolveLink(token.attrGet(name) ?? "", source));
}

/** @param {readonly Token[]} tokens */
function nameHeadings(tokens) {
	/** @type {Map<string, number>} */
	const seen = new Map();
	for (const [index, token] of tokens.entries()) {
		const inline = tokens[index + 1];
		if (token.type !== "heading_open" || inline === undefined) continue;
		const anchor = ownAnchor(inline) ?? headingAnchor(plainText(inline));
		const count = seen.get(anchor) ?? 0;
		seen.set(anchor, count + 1);
		token.attrSet("id", count === 0 ? anchor : `${anchor}-${count}`);
	}
}

/** The anchor that a generated page gives a heading itself, as `{#anchor}`; it is taken out of the text. @param {Token} inline */
function ownAnchor({ children }) {
	const last = children?.at(-1);
	const [suffix, anchor] = / \{#([\w-]+)\}$/.exec(last?.content ?? "") ?? [];
	if (last === undefined || suffix === undefined) return undefined;
	last.content = last.content.slice(0, -suffix.length);
	return anchor;
}

/** A heading's words without its markup. @param {Token} inline */
function plainText({ children }) {
	return (children ?? []).map(({ content }) => content).join("");
}

/** @param {readonly Token[]} tokens */
function nameRows(tokens) {
	for (const [index, token] of tokens.entries()) {
		// Alignment comes as a style attribute, which the site's policy refuses.
		const align = /^text-align:(\w+)$/.exec(token.attrGet("style") ?? "")?.[1];
		if (align !== undefined) token.attrs = [["class", `align-${align}`]];
		const first = tokens[index + 1]?.type === "td_open" ? tokens[index + 2]?.children?.[0] : undefined;
		if (token.type === "tr_open" && first?.type === "code_inline" && ROW_NAME.test(first.content))
			token.attrSet("id", first.content);
	}
}
