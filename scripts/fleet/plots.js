// The plots of docs/fleet.md, by ECharts, from the results of the simulation.

import { init } from "echarts";
import { GITHUB, HTTP, S3 } from "../../benchmarks/fleet/limits.js";
import { duration, fleetSize, lifeOf, ttlName } from "./results.js";

/** @typedef {import("./results.js").Results} Results */
/** @typedef {{ name: string, data: (number | null)[][], dashed?: boolean }} Line */
/** @typedef {{ title: string, lines: Line[], x: object, y: object }} Plot */

const WIDTH = 860;
const HEIGHT = 400;
const COLOURS = ["#2f6fde", "#d9822b", "#2e9e5b", "#8a5cd1", "#c23b3b", "#5f6b7a"];
const LETTERS = { color: "#3b4252", fontSize: 12, fontFamily: "Helvetica, Arial, sans-serif" };

/** Requests a second that a fleet makes, and what the places carry. @param {Results} results */
export function demandPlot(results) {
	const sizes = [10, 100, 1_000, 10_000];
	const demand = [300, 60, 0].map((ttlSeconds) => ({
		name: ttlName(ttlSeconds),
		data: sizes.map((agents) => {
			const { steady } = lifeOf(results, { place: "s3", agents, ttlSeconds });
			return [agents, steady?.requestsPerSecond ?? null];
		}),
	}));
	const limits = /** @type {const} */ ([
		["GitHub, if a 304 counts", GITHUB.pointsPerMinute / 60],
		["HTTP server", HTTP.requestsPerSecond],
		["one S3 prefix", S3.requestsPerSecond],
	]).map(([name, rate]) => ({ name, dashed: true, data: sizes.map((agents) => [agents, rate]) }));
	return draw({
		title: "Requests a second of a whole fleet, and limits (dashed)",
		lines: [...demand, ...limits],
		x: { type: "log", name: "agents" },
		y: { type: "log", name: "requests/s" },
	});
}

/** An hour without the source. @param {Results} results */
export function outagePlot(results) {
	const { hours } = results.outages;
	const agents = fleetSize(hours[0]?.agents ?? 0);
	return draw({
		title: `Requests a second of ${agents} agents while the source is down, and after`,
		lines: hours.map((hour) => ({
			name: hour.place === "s3" ? "S3" : "GitHub, a 304 counting towards the points",
			data: ratesOf(hour),
		})),
		x: { type: "value", name: "minutes since it went down" },
		y: { type: "value", name: "requests/s" },
	});
}

/** The same with applications that go on reading. @param {Results} results */
export function readersPlot(results) {
	const { withReaders } = results.outages;
	const agents = fleetSize(withReaders[0]?.agents ?? 0);
	const down = duration((withReaders[0]?.downMs ?? 0) / 1_000);
	return draw({
		title: `The same for ${agents} agents that are asked for secrets meanwhile (${down} down)`,
		lines: withReaders.map((one) => ({
			name: one.readEveryMs === null ? "not asked" : `each asked every ${one.readEveryMs / 1_000} s`,
			data: ratesOf(one),
		})),
		x: { type: "value", name: "minutes since it went down" },
		y: { type: "value", name: "requests/s" },
	});
}

/** @param {Results["outages"]["hours"][number]} outage */
function ratesOf({ bucketSeconds, down, recovery }) {
	const rates = [...(down.rates ?? []), ...(recovery.rates ?? [])];
	return rates.map((rate, index) => [((index + 0.5) * bucketSeconds) / 60, rate]);
}

/** @param {Plot} plot @returns {string} an SVG */
function draw({ title, lines, x, y }) {
	const drawing = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
	const axis = { nameTextStyle: LETTERS, axisLabel: LETTERS, splitLine: { lineStyle: { color: "#e5e9f0" } } };
	drawing.setOption({
		animation: false,
		backgroundColor: "#ffffff",
		color: COLOURS,
		title: { text: title, left: 12, top: 8, textStyle: { ...LETTERS, fontSize: 14 } },
		legend: { top: 34, left: 12, itemHeight: 2, itemGap: 24, textStyle: LETTERS, icon: "rect" },
		grid: { left: 70, right: 40, top: 96, bottom: 46 },
		xAxis: { ...axis, ...x, nameLocation: "middle", nameGap: 28 },
		yAxis: { ...axis, ...y, nameGap: 12 },
		series: lines.map(({ name, data, dashed }) => ({
			name,
			data,
			type: "line",
			symbol: "none",
			silent: true,
			emphasis: { disabled: true },
			lineStyle: { width: 2, type: dashed ? "dashed" : "solid" },
		})),
	});
	const svg = drawing.renderToSVGString();
	drawing.dispose();
	// Styles are only for a pointer that hovers, and a tenth of a pixel is fine enough.
	const chosen = svg
		.replace(/<style.*?<\/style>/s, "")
		.replaceAll(/\d+\.\d{3,}/g, (number) => Number(number).toFixed(1));
	return `${chosen}\n`;
}
