// Measures one source file by its syntax tree.

import { SyntaxKind } from "typescript/unstable/ast";

/** @typedef {import("typescript/unstable/ast").Node} Node */
/** @typedef {import("typescript/unstable/ast").SourceFile} SourceFile */
/** @typedef {{ file: string, line: number, name: string, lines: number }} Place */

/**
 * What is counted in a file, each with its place.
 * @typedef {object} Measured
 * @property {string} file
 * @property {number} lines
 * @property {readonly string[]} code its lines of code, without space around them
 * @property {readonly number[]} codeAt the number of each of them
 * @property {number} comments lines that hold a comment and nothing else
 * @property {readonly Place[]} functions those with a name
 * @property {readonly Place[]} exported everything it exports by a declaration
 * @property {readonly Place[]} undocumented those of them without a doc comment
 * @property {readonly Place[]} casts `as`, except `as const`
 * @property {readonly Place[]} anys
 * @property {readonly Place[]} nonNulls
 * @property {readonly Place[]} bareErrors
 * @property {readonly Place[]} emptyCatches
 */

const NAMED = new Set([
	SyntaxKind.FunctionDeclaration,
	SyntaxKind.MethodDeclaration,
	SyntaxKind.Constructor,
	SyntaxKind.GetAccessor,
	SyntaxKind.SetAccessor,
]);
/** A function of these kinds has the name of what it is assigned to; one that is only passed on has none. */
const NAMELESS = new Set([SyntaxKind.ArrowFunction, SyntaxKind.FunctionExpression]);
const NAMING = new Set([
	SyntaxKind.VariableDeclaration,
	SyntaxKind.PropertyDeclaration,
	SyntaxKind.PropertyAssignment,
]);
const TEMPLATE_TEXT = new Set([
	SyntaxKind.NoSubstitutionTemplateLiteral,
	SyntaxKind.TemplateHead,
	SyntaxKind.TemplateMiddle,
	SyntaxKind.TemplateTail,
]);

/**
 * Counts what is in a file.
 * @param {SourceFile} source
 * @param {string} file its path in the workspace
 * @returns {Measured}
 */
export function measured(source, file) {
	const nodes = descendants(source);
	const lineOf = lineFinder(source.text);
	/** @param {Node} node @returns {Place} */
	const place = (node) => {
		const line = lineOf(node.getStart());
		return { file, line, name: nameOf(node), lines: lineOf(node.end) - line + 1 };
	};
	/** @param {(node: Node) => boolean} isOne */
	const places = (isOne) => nodes.filter(isOne).map(place);
	const exported = source.statements.filter(
		(node, index) => isExportedDeclaration(node) && !isOverloaded(node, source.statements[index - 1]),
	);
	return {
		file,
		...lineKinds(source.text, templateLines(nodes, lineOf)),
		functions: places(isNamedFunction),
		exported: exported.map(place),
		undocumented: exported.filter((node) => !isDocumented(node, source.text)).map(place),
		casts: places(isCast),
		anys: places((node) => node.kind === SyntaxKind.AnyKeyword),
		nonNulls: places((node) => node.kind === SyntaxKind.NonNullExpression),
		bareErrors: places((node) => isBareError(node, source.text)),
		emptyCatches: places(
			(node) =>
				/^catch\s*(?:\([^)]*\))?\s*\{\s*\}$/.test(node.getText()) && node.kind === SyntaxKind.CatchClause,
		),
	};
}

/** @param {Node} root @returns {Node[]} */
function descendants(root) {
	/** @type {Node[]} */
	const found = [];
	/** @param {Node} node */
	const visit = (node) => {
		found.push(node);
		node.forEachChild(visit);
	};
	visit(root);
	return found;
}

/** @param {string} text @returns {(position: number) => number} the line, from 1 */
function lineFinder(text) {
	const starts = [...text.matchAll(/^/gm)].map(({ index }) => index);
	return (position) => {
		const next = starts.findIndex((start) => start > position);
		return next === -1 ? starts.length : next;
	};
}

/**
 * Lines that are the text of a template and look like a comment at most.
 * @param {readonly Node[]} nodes
 * @param {(position: number) => number} lineOf
 */
function templateLines(nodes, lineOf) {
	const templates = nodes.filter(({ kind }) => TEMPLATE_TEXT.has(kind));
	return new Set(
		templates.flatMap((node) => {
			const first = lineOf(node.getStart());
			return Array.from({ length: lineOf(node.end) - first }, (_, index) => first + index + 1);
		}),
	);
}

/** @param {string} text @param {ReadonlySet<number>} inTemplates */
function lineKinds(text, inTemplates) {
	const lines = text
		.replace(/\n$/, "")
		.split("\n")
		.map((line) => line.trim());
	/** @type {string[]} */
	const code = [];
	/** @type {number[]} */
	const codeAt = [];
	let [comments, isInComment] = [0, false];
	for (const [index, line] of lines.entries()) {
		const starts = !inTemplates.has(index + 1) && /^\/[/*]/.test(line);
		if (isInComment || starts) {
			comments += 1;
			isInComment = (isInComment || line.startsWith("/*")) && !line.includes("*/");
		} else if (line !== "") {
			code.push(line);
			codeAt.push(index + 1);
		}
	}
	return { lines: lines.length, code, codeAt, comments };
}

/** @param {Node} node @returns {string} */
function nameOf(node) {
	if (node.kind === SyntaxKind.Constructor) return "constructor";
	const { name } = /** @type {{ name?: Node }} */ (NAMELESS.has(node.kind) ? node.parent : node);
	return name?.getText() ?? node.getText().split("\n", 1).join("").slice(0, 60);
}

/** @param {Node} node */
function isNamedFunction(node) {
	if (!("body" in node) || node.body === undefined) return false;
	return NAMED.has(node.kind) || (NAMELESS.has(node.kind) && NAMING.has(node.parent.kind));
}

/** @param {Node} node */
function isExportedDeclaration(node) {
	const modifiers = /** @type {{ modifiers?: readonly Node[] }} */ (node).modifiers ?? [];
	return modifiers.some(({ kind }) => kind === SyntaxKind.ExportKeyword);
}

/** Whether this is one more form of the function before. @param {Node} node @param {Node} [before] */
function isOverloaded(node, before) {
	return (
		node.kind === SyntaxKind.FunctionDeclaration &&
		before?.kind === node.kind &&
		nameOf(before) === nameOf(node)
	);
}

/** With a sentence, not with types alone. @param {Node} node @param {string} text */
function isDocumented(node, text) {
	const before = text.slice(node.pos, node.getStart());
	const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before)?.[1] ?? "";
	return comment.split("\n").some((line) => /^[\s*]*[^\s*@]/.test(line));
}

/** `as unknown as` is one. @param {Node} node */
function isCast(node) {
	return isAs(node) && !isAs(node.parent) && !/\bas const$/.test(node.getText());
}

/** @param {Node} node */
function isAs({ kind }) {
	return kind === SyntaxKind.AsExpression;
}

/** @param {Node} node @param {string} text */
function isBareError(node, text) {
	const isCall = node.kind === SyntaxKind.NewExpression || node.kind === SyntaxKind.CallExpression;
	return isCall && /^(?:new )?Error\s*\(/.test(text.slice(node.getStart(), node.getStart() + 12));
}
