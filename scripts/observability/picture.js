// Draws the dashboard's panels from data: its own layout and titles, and charts by ECharts.

import { init } from "echarts";
import { legend, text } from "../svg.js";
import { chartOption, PALETTE, unitText } from "./chart.js";
import { COLOURS, LINES, MUTED, TEXT } from "./colours.js";
import { timeline } from "./timeline.js";

/** @typedef {{ name: string, points: [at: number, value: number][] }} Series */
/** @typedef {import("../../e2e/observability-dashboard.js").Panel & { series: Series[] }} DrawnPanel */
/** @typedef {{ start: number, end: number, moments: readonly import("./life.js").Moment[] }} Story */

const COLUMN_PX = 50;
const ROW_PX = 32;
const GAP_PX = 6;
const CAPTION_PX = 86;
const TITLE_PX = 26;
const BACKGROUND = "#111217";
const PANEL = "#181b1f";

/**
 * The picture of the whole dashboard, with what happened meanwhile below it.
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
	const told = moments.map(({ at, what }) => `${(at - start).toFixed(0)} s ${what}`);
	const lines = [
		`What happens, at the dotted lines: ${told.slice(0, 4).join(" · ")} ·`,
		`${told.slice(4).join(" · ")}.`,
		"Drawn by scripts/draw-dashboard.js from the dashboard's own queries to a real Prometheus and a real agent " +
			"(TTL 8 s, scraped every 200 ms, rates over 4 s); not a screenshot of Grafana.",
	];
	return lines
		.map((line, index) => text(GAP_PX * 2, top + 26 + index * 21, line, { fill: index < 2 ? TEXT : MUTED }))
		.join("\n");
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
	const box = `<rect width="${width}" height="${height}" rx="3" fill="${PANEL}" stroke="${LINES}"/>`;
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
	const entries = panel.series.map(({ name }, index) => ({
		name,
		colour: PALETTE[index % PALETTE.length] ?? MUTED,
	}));
	const below = legend(entries, width - 24, MUTED);
	const drawing = init(null, null, { renderer: "svg", ssr: true, width, height });
	drawing.setOption(chartOption(panel, story, below.height));
	const svg = drawing.renderToSVGString();
	drawing.dispose();
	// Styles are only for a pointer that hovers, and a tenth of a pixel is fine enough.
	const chosen = svg
		.replace(/<style.*?<\/style>/s, "")
		.replaceAll(/\d+\.\d{3,}/g, (number) => Number(number).toFixed(1));
	return `${chosen}<g transform="translate(12 ${height - below.height - 4})">${below.drawn}</g>`;
}

/** @param {DrawnPanel} panel @param {{ width: number, height: number }} room */
function stats({ series, fieldConfig }, { width, height }) {
	const slot = height / series.length;
	return series
		.map(({ name, points }, index) => {
			const last = points.at(-1)?.[1] ?? Number.NaN;
			const fill = colourOf(last, stepsFor(name, fieldConfig));
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

/** @param {string} name @param {DrawnPanel["fieldConfig"]} [fieldConfig] */
function stepsFor(name, fieldConfig) {
	const own = fieldConfig?.overrides.find(({ matcher }) => matcher.options === name)?.properties;
	return (own?.find(({ id }) => id === "thresholds")?.value ?? fieldConfig?.defaults.thresholds)?.steps;
}

/** @param {number} value @param {readonly { value: number | null, color: string }[]} [steps] */
function colourOf(value, steps = []) {
	const reached = steps.filter((step) => value >= (step.value ?? Number.NEGATIVE_INFINITY));
	return COLOURS.get(reached.at(-1)?.color ?? "text") ?? TEXT;
}
