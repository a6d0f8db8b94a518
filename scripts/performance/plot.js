// Plots of the page on performance, as SVG by ECharts.

import { init } from "echarts";
import { legend, text } from "../svg.js";

/** @typedef {import("../../benchmarks/suite/parts.js").Series} Series */
/** @typedef {{ label: string, low: number, median: number, high: number, targets: readonly { value: number, holds: boolean }[] }} Ratio */
/** @typedef {{ title: string, x: string, y: string, scale: "log" | "value", tick?: (x: number) => string }} Axes */

const WIDTH = 900;
const ROW_PX = 24;
const TITLE_PX = 36;
const LABELS_PX = 440;
const BACKGROUND = "#ffffff";
const TEXT = "#24292f";
const MUTED = "#57606a";
const LINES = "#d0d7de";
const HOLDS = "#1a7f37";
const MISSED = "#cf222e";
const PALETTE = ["#0969da", "#bc4c00", "#8250df", "#1a7f37"];
const LETTERS = { color: MUTED, fontSize: 11, fontFamily: "Inter, Helvetica, Arial, sans-serif" };

/**
 * Each ratio as a point with its rounds' range, its targets as strokes, and 1 as a line.
 * @param {string} title
 * @param {readonly Ratio[]} ratios
 * @returns {string}
 */
export function ratioPlot(title, ratios) {
	const height = ratios.length * ROW_PX + 50;
	const rows = ratios.toReversed();
	const values = rows.flatMap(({ low, high, targets }) => [
		low,
		high,
		1,
		...targets.map(({ value }) => value),
	]);
	const above = values.filter((value) => value > 0);
	const option = {
		animation: false,
		grid: { left: LABELS_PX, right: 30, top: 6, bottom: 44 },
		xAxis: {
			...axis("ratio, logarithmic"),
			type: "log",
			min: Math.min(...above) * 0.9,
			max: Math.max(...above) * 1.1,
			axisLabel: { ...LETTERS, formatter: plainNumber, showMinLabel: false, showMaxLabel: false },
		},
		yAxis: {
			type: "category",
			data: rows.map(({ label }) => label),
			axisLabel: { ...LETTERS, color: TEXT },
			axisLine: { lineStyle: { color: LINES } },
			axisTick: { show: false },
		},
		series: [
			...rows.map((row, index) => range(row, index)),
			...rows.flatMap((row, index) => row.targets.map((target) => stroke(target, index))),
			{ type: "scatter", symbolSize: 9, silent: true, ...{ data: rows.map(medianPoint), z: 3 } },
			unity(rows.length),
		],
	};
	const key = "Point: median. Bar: lowest to highest turn. Stroke: target, green where it holds, else red.";
	return framed(
		title,
		height + 18,
		drawn(option, height) + text(14, height + 6, key, { fill: MUTED, size: 11 }),
	);
}

/**
 * Lines over a common axis.
 * @param {readonly Series[]} series
 * @param {Axes} axes
 * @returns {string}
 */
export function linePlot(series, { title, x, y, scale, tick = plainNumber }) {
	const entries = series.map(({ name }, index) => ({
		name,
		colour: PALETTE[index % PALETTE.length] ?? TEXT,
	}));
	const below = legend(entries, WIDTH - 40, TEXT);
	const height = 300;
	const option = {
		animation: false,
		color: PALETTE,
		grid: { left: 64, right: 30, top: 10, bottom: 44 },
		xAxis: { ...axis(x), type: scale, axisLabel: { ...LETTERS, formatter: tick } },
		yAxis: {
			type: "value",
			min: 0,
			...{ name: y, nameLocation: "middle", nameGap: 44, nameTextStyle: LETTERS },
			axisLabel: LETTERS,
			splitLine: { lineStyle: { color: LINES } },
		},
		series: series.map(({ name, points }) => ({
			...{ name, type: "line", data: points, silent: true, lineStyle: { width: 1.8 } },
			...(points.length > 20 ? { symbol: "none" } : { symbol: "circle", symbolSize: 5 }),
		})),
	};
	const names = `<g transform="translate(20 ${height})">${below.drawn}</g>`;
	return framed(title, height + below.height + 8, drawn(option, height) + names);
}

/** @param {string} name */
function axis(name) {
	return {
		...{ name, nameLocation: "middle", nameGap: 26, nameTextStyle: LETTERS },
		axisLine: { lineStyle: { color: LINES } },
		splitLine: { lineStyle: { color: LINES, opacity: 0.6 } },
	};
}

/** @param {Ratio} ratio @param {number} index */
function range({ low, high }, index) {
	return segment([low, index], [high, index], { color: MUTED, width: 3, opacity: 0.45 });
}

/** @param {Ratio["targets"][number]} target @param {number} index */
function stroke({ value, holds }, index) {
	return {
		type: "scatter",
		...{ symbol: "rect", symbolSize: [3, 17], silent: true, z: 2 },
		data: [{ value: [value, index], itemStyle: { color: holds ? HOLDS : MISSED } }],
	};
}

/** @param {Ratio} ratio @param {number} index */
function medianPoint({ median, targets }, index) {
	const colour = targets.length === 0 ? MUTED : targets.some(({ holds }) => holds) ? HOLDS : MISSED;
	return { value: [median, index], itemStyle: { color: colour } };
}

/** @param {number} rows */
function unity(rows) {
	return segment([1, -0.5], [1, rows - 0.5], { color: MUTED, width: 1, opacity: 0.8 });
}

/**
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {{ color: string, width: number, opacity: number }} lineStyle
 */
function segment(from, to, lineStyle) {
	return { type: "line", data: [from, to], symbol: "none", silent: true, lineStyle, z: 1 };
}

/** @param {number} value */
function plainNumber(value) {
	return Number(value.toPrecision(2)).toString();
}

/** @param {Record<string, unknown>} option @param {number} height */
function drawn(option, height) {
	const drawing = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
	drawing.setOption(option);
	const svg = drawing.renderToSVGString();
	drawing.dispose();
	// Styles are only for a pointer that hovers, names only count how many were drawn before, and a tenth of a pixel is
	// fine enough.
	return svg
		.replace(/<style.*?<\/style>/s, "")
		.replaceAll(/ class="[^"]*"/g, "")
		.replaceAll(/zr\d+-/g, "zr-")
		.replaceAll(/\d+\.\d{3,}/g, (number) => Number(number).toFixed(1));
}

/** @param {string} title @param {number} height @param {string} inside */
function framed(title, height, inside) {
	const whole = height + TITLE_PX;
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${whole}" width="${WIDTH}" height="${whole}" font-family="Inter, Helvetica, Arial, sans-serif">
<rect width="${WIDTH}" height="${whole}" rx="6" fill="${BACKGROUND}" stroke="${LINES}"/>
${text(14, 24, title, { fill: TEXT, size: 15, weight: 600 })}
<g transform="translate(0 ${TITLE_PX})">${inside}</g>
</svg>
`;
}
