// Measures the code base and prints it beside what it is held against. Nothing fails for a number.
// Usage: npm run house [-- --list]   (with --list: each place that was counted, and what is longest)

import { duplicates } from "./house/duplicates.js";
import { allTestsToCode, pinnedActions } from "./house/figures.js";
import { allFigures, BAR, beyond, HEAD, row } from "./house/tables.js";
import { workspaceParts } from "./house/workspace.js";

/** @typedef {import("./house/measure.js").Place} Place */
/** @typedef {import("./house/workspace.js").Part} Part */

const LONGEST = 10;

const parts = workspaceParts();
const delivered = parts.filter(({ isDelivered }) => isDelivered);
printTable();
const { all, pinned } = pinnedActions();
console.log(`
* beyond the bar. Lines: median · nine of ten · most. forbidden: any, !, plain errors, empty catches.
twice: blocks of six or more lines that are somewhere else in the same row as well.
tests : code, with end-to-end tests, long runs and what tests are made of: ${allTestsToCode(parts).toFixed(1)}
actions of workflows that are pinned to a commit: ${pinned} of ${all}`);
printApi();
if (process.argv.includes("--list")) printLists();

function printTable() {
	const rows = allFigures(parts).map((figures) => {
		const marked = beyond(figures);
		return row(figures).map((cell, column) => (marked.includes(column) ? `${cell} *` : cell));
	});
	const all = [HEAD, BAR, ...rows];
	const widths = HEAD.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
	for (const cells of all)
		console.log(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
}

function printApi() {
	console.log("\nPublic names by entry point");
	for (const { name, entryPoints } of parts)
		for (const { path, names } of entryPoints) console.log(`${name} ${path}: ${names}`);
}

function printLists() {
	const code = delivered.flatMap((part) => part.code);
	const everything = parts.flatMap((part) => part.code);
	const functions = code.flatMap((file) => file.functions).toSorted((a, b) => b.lines - a.lines);
	list(
		"Longest functions",
		functions.slice(0, LONGEST).map((one) => `${placeText(one)} (${one.lines})`),
	);
	const files = code.toSorted((a, b) => b.lines - a.lines).slice(0, LONGEST);
	list(
		"Longest files",
		files.map(({ file, lines }) => `${file} (${lines})`),
	);
	list("Casts in what is delivered", code.flatMap((file) => file.casts).map(placeText));
	list("Exports without a doc comment", everything.flatMap((file) => file.undocumented).map(placeText));
	const forbidden = everything.flatMap((file) => [
		...file.anys,
		...file.nonNulls,
		...file.bareErrors,
		...file.emptyCatches,
	]);
	list("Forbidden", forbidden.map(placeText));
	const twice = delivered.length === 0 ? [] : duplicates(code);
	list(
		"There twice",
		twice.map(({ lines, first, again }) => `${again} is ${first} (${lines} lines)`),
	);
}

/** @param {string} title @param {readonly string[]} lines */
function list(title, lines) {
	console.log(`\n${title}${lines.length === 0 ? ": none" : ""}`);
	for (const line of lines) console.log(line);
}

/** @param {Place} place */
function placeText({ file, line, name }) {
	return `${file}:${line} ${name}`;
}
