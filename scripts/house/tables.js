// The figures as rows of words, for the terminal and for the page on architecture.

import { COMMENT_PERCENT, FILE_LINES, FUNCTION_LINES, NONE, TESTS_TO_CODE } from "./bar.js";
import { figures } from "./figures.js";

/** @typedef {import("./figures.js").Figures} Figures */
/** @typedef {import("./figures.js").Spread} Spread */
/** @typedef {import("./workspace.js").Part} Part */

/** What the columns are. */
export const HEAD = [
	"folder",
	"files",
	"lines per file",
	"lines per function",
	"tests : code",
	"comments",
	"public names",
	"exports",
	"undocumented",
	"casts",
	"forbidden",
	"twice",
];

/** What each column should be, where there is such a thing. */
export const BAR = [
	"the bar",
	"",
	atMost(FILE_LINES),
	atMost(FUNCTION_LINES),
	`≥ ${TESTS_TO_CODE}`,
	`${COMMENT_PERCENT.atLeast}–${COMMENT_PERCENT.atMost} %`,
	"",
	"",
	String(NONE),
	"",
	String(NONE),
	"",
];

/**
 * A row for each package, one for all that is delivered, one for each other folder.
 * @param {readonly Part[]} parts
 * @returns {Figures[]}
 */
export function allFigures(parts) {
	const delivered = parts.filter(({ isDelivered }) => isDelivered);
	const others = parts.filter(({ isDelivered }) => !isDelivered);
	return [
		...delivered.map((part) => figures(part.name, [part])),
		figures("delivered", delivered),
		...others.map((part) => figures(part.name, [part])),
	];
}

/** The cells of a row. @param {Figures} one @returns {string[]} */
export function row(one) {
	return [
		one.name,
		String(one.files),
		spreadText(one.fileLines),
		spreadText(one.functionLines),
		one.testsToCode === 0 ? "" : one.testsToCode.toFixed(1),
		`${one.commentPercent.toFixed(0)} %`,
		one.publicNames === 0 ? "" : String(one.publicNames),
		String(one.exported),
		String(one.undocumented),
		String(one.casts),
		String(one.forbidden),
		String(one.duplicates),
	];
}

/**
 * Which columns of a row are beyond the bar.
 * @param {Figures} one
 * @returns {readonly number[]}
 */
export function beyond(one) {
	const isBeyond = [
		false,
		false,
		exceeds(one.fileLines, FILE_LINES),
		exceeds(one.functionLines, FUNCTION_LINES),
		one.testsToCode > 0 && one.testsToCode < TESTS_TO_CODE,
		Math.round(one.commentPercent) < COMMENT_PERCENT.atLeast ||
			Math.round(one.commentPercent) > COMMENT_PERCENT.atMost,
		false,
		false,
		one.undocumented > NONE,
		false,
		one.forbidden > NONE,
		false,
	];
	return isBeyond.flatMap((is, column) => (is ? [column] : []));
}

/** @param {Spread} spread @param {Spread} bar */
function exceeds(spread, bar) {
	return spread.median > bar.median || spread.p90 > bar.p90 || spread.max > bar.max;
}

/** @param {Spread} spread */
function spreadText({ median, p90, max }) {
	return `${median} · ${p90} · ${max}`;
}

/** @param {Spread} spread */
function atMost(spread) {
	return `≤ ${spreadText(spread)}`;
}
