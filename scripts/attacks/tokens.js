// Just enough of TypeScript's grammar to tell text in quotes from comments, regular expressions and code.

/** @typedef {{ kind: "text" | "word" | "mark", value: string }} Token */

const SPACE = /\s+/y;
const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\//y;
const WORD = /[\p{L}\p{N}_$]+/uy;
const QUOTED = /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/y;
const TEMPLATE_CHARACTERS = /(?:\\[\s\S]?|\$(?!\{)|[^`\\$])+/y;
const REGULAR_EXPRESSION = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

/** After these words a slash begins a regular expression; after other words it divides. */
const BEFORE_EXPRESSION = new Set(["return", "typeof", "case", "in", "of", "await", "yield", "void", "else"]);

/**
 * Tokens without comments and regular expressions; a template's `${…}` is left out of its text, code and all.
 * @param {string} source
 * @returns {Token[]}
 */
export function tokens(source) {
	return read(source, 0, false).found;
}

/**
 * @param {string} source
 * @param {number} start
 * @param {boolean} inTemplate Whether to end at the brace that closes a template's `${`.
 */
function read(source, start, inTemplate) {
	/** @type {Token[]} */
	const found = [];
	let at = start;
	let depth = 0;
	while (at < source.length) {
		const skipped = match(SPACE, source, at) || match(COMMENT, source, at);
		if (skipped !== "") {
			at += skipped.length;
			continue;
		}
		const character = source.charAt(at);
		if (inTemplate && character === "}" && depth === 0) break;
		if (character === "{") depth += 1;
		if (character === "}") depth -= 1;
		const { token, end } = next(source, at, found.at(-1));
		if (token !== undefined) found.push(token);
		at = end;
	}
	return { found, end: at };
}

/**
 * @param {string} source
 * @param {number} at
 * @param {Token | undefined} before
 * @returns {{ token: Token | undefined, end: number }}
 */
function next(source, at, before) {
	const word = match(WORD, source, at);
	if (word !== "") return { token: { kind: "word", value: word }, end: at + word.length };
	const quoted = match(QUOTED, source, at);
	if (quoted !== "") return { token: { kind: "text", value: quoted.slice(1, -1) }, end: at + quoted.length };
	if (source.charAt(at) === "`") return template(source, at);
	const expression = mayBeginExpression(before) ? match(REGULAR_EXPRESSION, source, at) : "";
	if (expression !== "") return { token: { kind: "word", value: "" }, end: at + expression.length };
	return { token: { kind: "mark", value: source.charAt(at) }, end: at + 1 };
}

/**
 * @param {string} source
 * @param {number} start
 * @returns {{ token: Token, end: number }}
 */
function template(source, start) {
	let value = "";
	let at = start + 1;
	while (at < source.length && source.charAt(at) !== "`") {
		const characters = match(TEMPLATE_CHARACTERS, source, at);
		value += characters;
		at += characters.length;
		if (source.startsWith("${", at)) {
			value += "…";
			at = read(source, at + 2, true).end + 1;
		}
	}
	return { token: { kind: "text", value }, end: at + 1 };
}

/** @param {Token | undefined} before */
function mayBeginExpression(before) {
	if (before === undefined) return true;
	if (before.kind === "word") return BEFORE_EXPRESSION.has(before.value);
	return before.kind === "mark" && !")]}".includes(before.value);
}

/** @param {RegExp} pattern @param {string} source @param {number} at */
function match(pattern, source, at) {
	pattern.lastIndex = at;
	return pattern.exec(source)?.[0] ?? "";
}
