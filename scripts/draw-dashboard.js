// Draws docs/images/dashboard.svg: a real agent, a real Prometheus, and the dashboard's own queries.
// Usage: npm run docs:dashboard [FILE]   needs `prometheus` (Debian's package of that name); takes a minute.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dashboardPanels, filledIn, seriesName } from "../e2e/observability-dashboard.js";
import { Prometheus } from "../e2e/observability-prometheus.js";
import { freePort } from "./free-port.js";
import { ObservedLife } from "./observability/life.js";
import { drawDashboard } from "./observability/picture.js";
import { ensureBuilt, root } from "./run.js";

const PICTURE = join(root, "docs", "images", "dashboard.svg");
/** Grafana would take four scrapes of 15 s at least; everything here happens dozens of times faster. */
const SCRAPE_INTERVAL = "200ms";
const RATE_WINDOW = "4s";
const STEP_SECONDS = 0.5;

ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), "clef-agent-dashboard-"));
/** @type {(() => Promise<void>)[]} */
const toStop = [];
try {
	const life = await ObservedLife.start(join(folder, "agent"));
	toStop.push(() => life.stop());
	const prometheus = await Prometheus.start({
		folder: join(folder, "prometheus"),
		port: await freePort(),
		agentPort: life.port,
		token: life.token,
		scrapeInterval: SCRAPE_INTERVAL,
	});
	toStop.push(() => prometheus.stop());
	const { start, end, moments } = await life.run();
	const range = { start, end, step: STEP_SECONDS };
	const panels = await Promise.all(dashboardPanels().map((panel) => withSeries(panel, prometheus, range)));
	const [, , file = PICTURE] = process.argv;
	writeFileSync(file, drawDashboard(panels, { start, end, moments }));
	console.log(`wrote ${file}, ${(readFileSync(file).length / 1024).toFixed(0)} KiB`);
} finally {
	for (const stop of toStop.reverse()) await stop();
	rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {import("../e2e/observability-dashboard.js").Panel} panel
 * @param {Prometheus} prometheus
 * @param {{ start: number, end: number, step: number }} range
 */
async function withSeries(panel, prometheus, range) {
	/** @type {import("./observability/picture.js").Series[]} */
	const series = [];
	for (const { expr, legendFormat } of panel.targets ?? []) {
		for (const { metric, values = [] } of await prometheus.queryRange(filledIn(expr, RATE_WINDOW), range))
			series.push({
				name: seriesName(legendFormat, metric),
				points: values.map(([at, value]) => [at * 1000, Number(value)]),
			});
	}
	return { ...panel, series };
}
