// A generated section of a page that is written by hand.

/** How far a number may be from what it says, as a share of the larger one. */
const TOLERANCE = 0.2;
const NUMBER = /\d+(?:\.\d+)?/g;

/**
 * The page with this text between the section's markers, or nothing where it has none.
 * @param {string} page
 * @param {string} name
 * @param {string} text
 * @returns {string | undefined}
 */
export function withSection(page, name, text) {
	const [start, end] = [`<!-- ${name}: made by \`npm run docs\` -->\n`, `<!-- /${name} -->`];
	const [from, to] = [page.indexOf(start), page.indexOf(end)];
	if (from === -1 || to < from) return undefined;
	return `${page.slice(0, from + start.length)}\n${text}\n${page.slice(to)}`;
}

/**
 * Whether two texts say the same in the same words, and with numbers that differ little. Measures of the code change
 * with every line of it: a page that had to be exact would be out of date after each commit, and one that nobody
 * checks soon says what was true last year. None and some are never nearly the same.
 * @param {string} one
 * @param {string} other
 */
export function isNearlySame(one, other) {
	if (one.replaceAll(NUMBER, "0") !== other.replaceAll(NUMBER, "0")) return false;
	const numbers = numbersIn(other);
	return numbersIn(one).every((number, index) => isNear(number, numbers[index] ?? Number.NaN));
}

/** @param {string} text */
function numbersIn(text) {
	return [...text.matchAll(NUMBER)].map(([number]) => Number(number));
}

/** @param {number} one @param {number} other */
function isNear(one, other) {
	return one === other || (one > 0 && other > 0 && Math.abs(one - other) <= TOLERANCE * Math.max(one, other));
}
