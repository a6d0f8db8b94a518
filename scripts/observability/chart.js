// A time series panel as an option for ECharts.

import { LINES, MUTED } from "./colours.js";

/** @typedef {import("./picture.js").DrawnPanel} DrawnPanel */
/** @typedef {import("./picture.js").Story} Story */

/** Grafana's classic colours, brightest first. */
export const PALETTE = [
	"#73bf69",
	"#f2cc0c",
	"#8ab8ff",
	"#ff780a",
	"#f2495c",
	"#5794f2",
	"#b877d9",
	"#e0b400",
	"#96d98d",
	"#ffa6b0",
	"#c0d8ff",
	"#ca95e5",
];

/**
 * The option for a time series panel; its x axis is in milliseconds since the story began.
 * @param {DrawnPanel} panel
 * @param {Story} story
 * @param {number} legendPx what the legend takes below it
 */
export function chartOption(panel, { start, end, moments }, legendPx) {
	const { unit, custom } = panel.fieldConfig?.defaults ?? {};
	const isBar = custom?.drawStyle === "bars";
	const times = [...new Set(panel.series.flatMap(({ points }) => points.map(([at]) => at)))].sort(
		(a, b) => a - b,
	);
	const format = unitText(unit);
	const letters = { color: MUTED, fontSize: 11, fontFamily: "Inter, Helvetica, Arial, sans-serif" };
	return {
		animation: false,
		color: PALETTE,
		grid: { left: 64, right: 14, top: 10, bottom: 28 + legendPx },
		xAxis: {
			type: "value",
			min: 0,
			max: (end - start) * 1000,
			interval: 10_000,
			axisLabel: {
				...letters,
				showMaxLabel: false,
				formatter: (/** @type {number} */ at) => `${at / 1000} s`,
			},
			axisLine: { lineStyle: { color: LINES } },
			axisTick: { show: false },
			splitLine: { show: false },
		},
		yAxis: {
			type: "value",
			min: 0,
			splitNumber: 4,
			axisLabel: { ...letters, formatter: format },
			splitLine: { lineStyle: { color: LINES } },
		},
		series: panel.series.map(({ name, points }, index) => ({
			name,
			type: isBar ? "bar" : "line",
			data: onGrid(points, times, custom?.stacking !== undefined).map(([at, value]) => [
				at - start * 1000,
				value,
			]),
			symbol: "none",
			silent: true,
			emphasis: { disabled: true },
			lineStyle: { width: 1.5 },
			...(isBar ? { barWidth: 3 } : { areaStyle: { opacity: 0.12 } }),
			...(custom?.stacking !== undefined && { stack: "all" }),
			...(index === 0 && { markLine: marks(moments, start) }),
		})),
	};
}

/**
 * How Grafana writes a number of this unit, near enough.
 * @param {string} [unit]
 * @returns {(value: number) => string}
 */
export function unitText(unit) {
	if (unit === "s") return seconds;
	const after = unit === "ops" ? " ops/s" : unit === "reqps" ? " req/s" : "";
	return (value) => `${round(value)}${after}`;
}

/** @param {number} value */
function seconds(value) {
	if (value === 0) return "0 s";
	if (value < 0.001) return `${round(value * 1e6)} µs`;
	if (value < 1) return `${round(value * 1000)} ms`;
	if (value < 60) return `${round(value)} s`;
	if (value < 3600) return `${round(value / 60)} min`;
	return value < 86_400 ? `${round(value / 3600)} hours` : `${round(value / 86_400)} days`;
}

/** @param {number} value */
function round(value) {
	return Number(value.toPrecision(3)).toString();
}

/** @param {readonly import("./life.js").Moment[]} moments @param {number} start */
function marks(moments, start) {
	return {
		symbol: "none",
		silent: true,
		label: { show: false },
		lineStyle: { color: MUTED, opacity: 0.45, width: 1, type: [2, 3] },
		data: moments.map(({ at }) => ({ xAxis: (at - start) * 1000 })),
	};
}

/**
 * One point for each time, so that gaps stay gaps and stacks have something to stand on.
 * @param {readonly [number, number][]} points
 * @param {readonly number[]} times
 * @param {boolean} isStacked
 * @returns {[number, number | null][]}
 */
function onGrid(points, times, isStacked) {
	const values = new Map(points);
	return times.map((at) => {
		const value = values.get(at);
		return [at, value !== undefined && Number.isFinite(value) ? value : isStacked ? 0 : null];
	});
}
