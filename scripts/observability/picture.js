// Draws the dashboard's panels from data: its own layout and titles, and charts by ECharts.

import { init } from "echarts";
import { chartOption, unitText } from "./chart.js";

/** @typedef {{ name: string, points: [at: number, value: number][] }} Series */
/** @typedef {import("./dashboard.js").Panel & { series: Series[] }} DrawnPanel */
/** @typedef {{ start: number, end: number, moments: readonly import("./life.js").Moment[] }} Story */

const COLUMN_PX = 50;
const ROW_PX = 32;
const GAP_PX = 6;
const CAPTION_PX = 64;
const TITLE_PX = 26;
const BACKGROUND = "#111217";
const PANEL = "#181b1f";
const BORDER = "#2c2f36";
const TEXT = "#d5d6e0";
const MUTED = "#9fa1ad";
/** Grafana's names for the colours that the dashboard uses. */
const COLOURS = new Map([
	["green", "#73bf69"],
	["yellow", "#f2cc0c"],
	["orange", "#ff9830"],
	["red", "#f2495c"],
	["purple", "#b877d9"],
	["text", TEXT],
]);

/**
 * @param {readonly DrawnPanel[]} panels
 * @param {Story} story
 * @returns {string} an SVG
 */
export function drawDashboard(panels, story) {
	const width = 24 * COLUMN_PX + GAP_PX;
	const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * ROW_PX;
	const height = bottom + CAPTION_PX;
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Inter, Helvetica, Arial, sans-serif">
<rect width="${width}" height="${height}" fill="${BACKGROUND}"/>
${panels.map((panel) => drawPanel(panel, story)).join("\n")}
${caption(bottom, story)}
</svg>
`;
}

/** @param {number} top @param {Story} story */
function caption(top, { start, moments }) {
	const told = moments.map(({ at, what }) => `${(at - start).toFixed(0)} s ${what}`).join(" · ");
	return [
		text(GAP_PX * 2, top + 24, `What happens: ${told}.`, { fill: TEXT }),
		text(
			GAP_PX * 2,
			top + 46,
			"Drawn by scripts/draw-dashboard.js from the dashboard's own queries to a real Prometheus and a real agent " +
				"(TTL 8 s, scraped every 200 ms, rates over 2 s); not a screenshot of Grafana.",
			{ fill: MUTED },
		),
	].join("\n");
}

/** @param {DrawnPanel} panel @param {Story} story */
function drawPanel(panel, story) {
	const { x, y, w, h } = panel.gridPos;
	const left = x * COLUMN_PX + GAP_PX;
	const top = y * ROW_PX + GAP_PX;
	const width = w * COLUMN_PX - GAP_PX;
	const height = h * ROW_PX - GAP_PX;
	const inside = panel.type === "row" ? heading(panel) : boxed(panel, story, width, height);
	return `<g transform="translate(${left} ${top})">${inside}</g>`;
}

/** @param {DrawnPanel} panel */
function heading({ title }) {
	return text(4, 19, title, { fill: TEXT, size: 15, weight: 600 });
}

/** @param {DrawnPanel} panel @param {Story} story @param {number} width @param {number} height */
function boxed(panel, story, width, height) {
	const box = `<rect width="${width}" height="${height}" rx="3" fill="${PANEL}" stroke="${BORDER}"/>`;
	const title = text(10, 19, panel.title, { fill: TEXT, size: 13, weight: 500 });
	const room = { width, height: height - TITLE_PX };
	return `${box}${title}<g transform="translate(0 ${TITLE_PX})">${content(panel, story, room)}</g>`;
}

/** @param {DrawnPanel} panel @param {Story} story @param {{ width: number, height: number }} room */
function content(panel, story, room) {
	if (panel.series.length === 0) {
		const nothing = panel.fieldConfig?.defaults.noValue ?? "No data";
		return text(room.width / 2, room.height / 2, nothing, { fill: MUTED, anchor: "middle", size: 14 });
	}
	if (panel.type === "stat") return stats(panel, room);
	return panel.type === "state-timeline" ? timeline(panel, story, room) : chart(panel, story, room);
}

/** @param {DrawnPanel} panel @param {Story} story @param {{ width: number, height: number }} room */
function chart(panel, story, { width, height }) {
	const drawing = init(null, null, { renderer: "svg", ssr: true, width, height });
	drawing.setOption(chartOption(panel, story, width));
	const svg = drawing.renderToSVGString();
	drawing.dispose();
	return svg;
}

/** @param {DrawnPanel} panel @param {{ width: number, height: number }} room */
function stats({ series, fieldConfig }, { width, height }) {
	const slot = height / series.length;
	return series
		.map(({ name, points }, index) => {
			const last = points.at(-1)?.[1] ?? Number.NaN;
			const fill = colourOf(last, fieldConfig?.defaults.thresholds?.steps);
			const middle = slot * (index + 0.5);
			const value = unitText(fieldConfig?.defaults.unit)(last);
			const size = Math.min(34, slot * 0.4);
			return [
				text(width / 2, middle, value, { fill, anchor: "middle", size, weight: 600 }),
				text(width / 2, middle + 18, name, { fill: MUTED, anchor: "middle" }),
			].join("");
		})
		.join("");
}

/** @param {number} value @param {readonly { value: number | null, color: string }[]} [steps] */
function colourOf(value, steps = []) {
	const reached = steps.filter((step) => value >= (step.value ?? Number.NEGATIVE_INFINITY));
	return COLOURS.get(reached.at(-1)?.color ?? "text") ?? TEXT;
}

/** @param {DrawnPanel} panel @param {Story} story @param {{ width: number, height: number }} room */
function timeline({ series, fieldConfig }, { start, end }, { width, height }) {
	const states = fieldConfig?.defaults.mappings?.[0]?.options ?? {};
	const [left, right] = [10, width - 10];
	/** @param {number} at in ms */
	const place = (at) => left + ((at / 1000 - start) / (end - start)) * (right - left);
	const rowHeight = (height - 56) / series.length;
	const rows = series.flatMap(({ points }, row) =>
		stretches(points, end * 1000).map(({ value, from, to }) => {
			const { text: state = "", color = "" } = states[String(value)] ?? {};
			const span = place(to) - place(from);
			const top = 8 + rowHeight * (row + 0.1);
			const bar = `<rect x="${place(from)}" y="${top}" width="${span}" height="${rowHeight * 0.8}" fill="${COLOURS.get(color)}" fill-opacity="0.8"/>`;
			const room = state.length * 6.5 + 6 < span;
			return (
				bar +
				(room
					? text(place(from) + span / 2, top + rowHeight * 0.44, state, {
							fill: "#111217",
							anchor: "middle",
							size: 12,
							weight: 600,
						})
					: "")
			);
		}),
	);
	const seconds = Array.from({ length: Math.floor((end - start) / 10) + 1 }, (_, index) => index * 10);
	const ticks = seconds.map((at) =>
		text(place((start + at) * 1000), height - 30, `${at} s`, { fill: MUTED, anchor: "middle", size: 11 }),
	);
	const legend = series.map(({ name }) => name).join(", ");
	return [...rows, ...ticks, text(left, height - 9, legend, { fill: MUTED, size: 11 })].join("");
}

/** @param {readonly [number, number][]} points @param {number} end */
function stretches(points, end) {
	/** @type {{ value: number, from: number, to: number }[]} */
	const found = [];
	for (const [at, value] of points) {
		const current = found.at(-1);
		if (current !== undefined) current.to = at;
		if (current?.value !== value) found.push({ value, from: at, to: end });
	}
	return found;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {{ fill: string, size?: number, anchor?: string, weight?: number }} style
 */
function text(x, y, content, { fill, size = 12, anchor = "start", weight = 400 }) {
	const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
	return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}" text-anchor="${anchor}" font-weight="${weight}">${escaped}</text>`;
}
