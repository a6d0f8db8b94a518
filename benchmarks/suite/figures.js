// A figure: one value of two variants, measured by turns, and what their ratio is meant to be.

/**
 * What a figure is meant to be: its ratio, or where nothing fit stands beside it, its own value.
 * @typedef {{ of: "ratio" | "value", atLeast?: number, atMost?: number }} Target
 */

/**
 * Values are those of the rounds, in their order; the ratio is taken round by round.
 * @typedef {object} Figure
 * @property {string} what for instance "GET /v1/secrets, 20 keys"
 * @property {string} measure for instance "requests per second (wrk)"
 * @property {string} unit
 * @property {string} subject what is measured
 * @property {string} [reference] what it is compared with
 * @property {{ subject: number[], reference?: number[] }} values
 * @property {Target[]} [targets]
 */

/** @typedef {{ low: number, median: number, high: number }} Spread */

/** @param {Figure} figure @returns {Spread} */
export function ratioOf({ values: { subject, reference = [] } }) {
	return spreadOf(subject.map((value, round) => value / Number(reference[round])));
}

/** @param {readonly number[]} values @returns {Spread} */
export function spreadOf(values) {
	const sorted = values.toSorted((a, b) => a - b);
	const at = (/** @type {number} */ index) => Number(sorted[index]);
	const middle = (sorted.length - 1) / 2;
	return {
		low: at(0),
		median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
		high: at(sorted.length - 1),
	};
}

/**
 * Whether the median is what it is meant to be.
 * @param {Figure} figure
 * @param {Target} target
 */
export function holds(figure, { of, atLeast = 0, atMost = Number.POSITIVE_INFINITY }) {
	const { median } = of === "ratio" ? ratioOf(figure) : spreadOf(figure.values.subject);
	return median >= atLeast && median <= atMost;
}

/** @param {Figure} figure @param {Target} target */
export function targetText({ unit }, { of, atLeast, atMost }) {
	const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
	return of === "ratio" ? limit : `${limit} ${unit}`;
}

/** @param {Spread} spread */
export function spreadText({ low, median, high }) {
	return `${figureText(median)} (${figureText(low)} to ${figureText(high)})`;
}

/** Two digits after the point, and three that tell something where there is nothing before it. @param {number} value */
export function figureText(value) {
	return value === 0 || Math.abs(value) >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}

/** One line for a terminal. @param {Figure} figure */
export function figureLine(figure) {
	const { what, measure, unit, subject, reference, values, targets = [] } = figure;
	const judged = targets.map(
		(target) => `${targetText(figure, target)}: ${holds(figure, target) ? "holds" : "does not hold"}`,
	);
	const isJudgedItself = targets.some(({ of }) => of === "value");
	const said = [
		...(reference === undefined ? [] : [`${spreadText(ratioOf(figure))} of ${reference}`]),
		...(isJudgedItself ? [`${spreadText(spreadOf(values.subject))} ${unit}`] : []),
	];
	const aim = judged.length === 0 ? "" : ` — ${judged.join(", ")}`;
	return `${what}, ${measure}: ${subject} ${said.join("; ")}${aim}`;
}
