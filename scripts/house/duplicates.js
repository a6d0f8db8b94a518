// Finds blocks of code that are there twice. Some lines of our own, because the tool for it (jscpd) is a program of
// another language for each platform, which is a lot to install for a number.

/** @typedef {import("./measure.js").Measured} Measured */
/** @typedef {{ lines: number, first: string, again: string }} Duplicate where a block is: file and line */

/** Lines of code that make a block; fewer are the same by the language's own forms. */
const BLOCK_LINES = 6;

/**
 * Each block that was there before, in the same file or another one.
 * @param {readonly Measured[]} files
 * @returns {Duplicate[]}
 */
export function duplicates(files) {
	/** @type {Map<string, { lines: readonly Line[], at: number }>} */
	const seen = new Map();
	/** @type {Duplicate[]} */
	const found = [];
	for (const lines of files.map(comparable)) {
		let at = 0;
		while (at + BLOCK_LINES <= lines.length) {
			const block = textOf(lines, at);
			const earlier = seen.get(block);
			if (earlier === undefined) {
				seen.set(block, { lines, at });
				at += 1;
				continue;
			}
			const length = sameLines(earlier, { lines, at });
			found.push({ lines: length, first: placeOf(earlier.lines, earlier.at), again: placeOf(lines, at) });
			at += length;
		}
	}
	return found;
}

/** @typedef {{ text: string, file: string, line: number }} Line */

/** Imports are the same wherever the same is used. @param {Measured} measured @returns {Line[]} */
function comparable({ file, code, codeAt }) {
	let isInImport = false;
	return code.flatMap((text, index) => {
		const [begins, ends] = [/^import\b/.test(text), /\bfrom "[^"]*";$/.test(text)];
		const isImport = isInImport || begins || ends;
		isInImport = isImport && !text.endsWith(";");
		return isImport ? [] : [{ text, file, line: codeAt[index] ?? 0 }];
	});
}

/** @param {readonly Line[]} lines @param {number} at */
function textOf(lines, at) {
	return lines
		.slice(at, at + BLOCK_LINES)
		.map(({ text }) => text)
		.join("\n");
}

/**
 * @param {{ lines: readonly Line[], at: number }} one
 * @param {{ lines: readonly Line[], at: number }} other
 */
function sameLines(one, other) {
	let length = BLOCK_LINES;
	while (
		other.at + length < other.lines.length &&
		(one.lines !== other.lines || one.at + length < other.at) &&
		one.lines[one.at + length]?.text === other.lines[other.at + length]?.text
	)
		length += 1;
	return length;
}

/** @param {readonly Line[]} lines @param {number} at */
function placeOf(lines, at) {
	const line = lines[at];
	return line === undefined ? "" : `${line.file}:${line.line}`;
}
