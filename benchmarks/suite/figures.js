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

/**
 * How a figure's subject stands to its reference; not a number where it has none.
 * @param {Figure} figure
 * @returns {Spread}
 */
export function ratioOf({ values: { subject, reference = [] } }) {
	return spreadOf(ratiosOf(subject, reference));
}

/**
 * The ratio of each round.
 * @param {readonly number[]} subject
 * @param {readonly number[]} reference
 */
export function ratiosOf(subject, reference) {
	return subject.map((value, round) => value / Number(reference[round]));
}

/**
 * The smallest, the middle and the largest of values; of an even number of them, the middle is the mean of two.
 * @param {readonly number[]} values
 * @returns {Spread}
 */
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

/** A target in words, for instance `at most 1.5`; one of a value has its unit. @param {Figure} figure @param {Target} target */
export function targetText({ unit }, { of, atLeast, atMost }) {
	const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
	return of === "ratio" ? limit : `${limit} ${unit}`;
}

/** A spread in words: the median, and in brackets from where to where. @param {Spread} spread */
export function spreadText({ low, median, high }) {
	return `${figureText(median)} (${figureText(low)} to ${figureText(high)})`;
}

/** Two digits after the point, and three that tell something where there is nothing before it. @param {number} value */
export function figureText(value) {
	return value === 0 || Math.abs(value) >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}

/** A figure as one line for a terminal, with each target and whether it holds. @param {Figure} figure */
export function figureLine(figure) {
	const { what, measure, unit, subject, reference, values, targets = [] } = figure;
	const judged = targets.map(
		(target) => `${targetText(figure, target)}: ${holds(figure, target) ? "holds" : "does not hold"}`,
	);
	const isToldItself = reference === undefined || targets.some(({ of }) => of === "value");
	const said = [
		...(reference === undefined ? [] : [`${spreadText(ratioOf(figure))} of ${reference}`]),
		...(isToldItself ? [`${spreadText(spreadOf(values.subject))} ${unit}`] : []),
	];
	const aim = judged.length === 0 ? "" : ` — ${judged.join(", ")}`;
	return `${what}, ${measure}: ${subject} ${said.join("; ")}${aim}`;
}

/**
 * Ratios of rounds as one line for a terminal, where they are no figure that is kept.
 * @param {string} title
 * @param {readonly number[]} ratios
 * @param {{ reference: string, sense: string }} words beside what, and what a good ratio is
 */
export function ratiosLine(title, ratios, { reference, sense }) {
	const { low, median, high } = spreadOf(ratios);
	const range = `${figureText(low)} to ${figureText(high)}`;
	// With a third digit, so that nothing is rounded to its aim.
	return `${title}: ${median.toFixed(3)} of ${reference} (${range} over ${ratios.length} turns; ${sense})`;
}
