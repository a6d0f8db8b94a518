// Reads deploy/observability/grafana-dashboard.json the way Grafana does, as far as its queries go.

import { readFileSync } from "node:fs";

/** @typedef {{ readonly expr: string, readonly legendFormat: string, readonly instant?: boolean }} Target */

/**
 * @typedef {object} Panel
 * @property {string} type
 * @property {string} title
 * @property {{ x: number, y: number, w: number, h: number }} gridPos
 * @property {readonly Target[]} [targets]
 * @property {{ defaults: FieldDefaults, overrides: Override[] }} [fieldConfig]
 */

/** @typedef {{ matcher: { options: string }, properties: { id: string, value: Thresholds }[] }} Override */
/** @typedef {{ steps: { value: number | null, color: string }[] }} Thresholds */

/**
 * @typedef {object} FieldDefaults
 * @property {string} [unit]
 * @property {string} [noValue]
 * @property {{ drawStyle?: string, stacking?: object }} [custom]
 * @property {Thresholds} [thresholds]
 * @property {{ options: Record<string, { text: string, color: string }> }[]} [mappings]
 */

/** Where the dashboard is. @type {URL} */
export const dashboardFile = new URL("../deploy/observability/grafana-dashboard.json", import.meta.url);

/** The dashboard's panels, headings among them, in the order of the file. @returns {Panel[]} */
export function dashboardPanels() {
	return JSON.parse(readFileSync(dashboardFile, "utf8")).panels;
}

/**
 * A query as Grafana sends it when all jobs and instances are chosen.
 * @param {string} expr
 * @param {string} rateWindow for `$__rate_interval`
 */
export function filledIn(expr, rateWindow) {
	return expr
		.replaceAll("$__rate_interval", rateWindow)
		.replaceAll("$job", ".+")
		.replaceAll("$instance", ".+");
}

/**
 * A series' name, as Grafana makes it from the query's format.
 * @param {string} format
 * @param {Readonly<Record<string, string>>} labels
 */
export function seriesName(format, labels) {
	return format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "").trim();
}
