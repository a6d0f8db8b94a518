import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { dashboardPanels, filledIn, type Target } from "./observability-dashboard.js";
import { part } from "./part.js";

/** What the tests of `deploy/observability` need. */
export const promtool = part("promtool");
/** Debian's package has both. */
export const prometheus = part("prometheus");

/** An alert of `alerts.yml`. */
export interface Alert {
	readonly alert: string;
	readonly expr: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly annotations: Readonly<Record<string, string>>;
}

/** The path of a file in `deploy/observability`. */
export function deployed(name: string): string {
	return fileURLToPath(new URL(`../deploy/observability/${name}`, import.meta.url));
}

/** All alerts, in the order of the file. */
export function alerts(): readonly Alert[] {
	const { groups } = parse(readFileSync(deployed("alerts.yml"), "utf8"));
	return groups.flatMap(({ rules }: { rules: readonly Alert[] }) => rules);
}

/** Every query of the dashboard, as Grafana would send it, by the title of its panel. */
export function dashboardQueries(
	rateWindow: string,
): readonly { readonly title: string; readonly expr: string }[] {
	return dashboardPanels().flatMap(({ title, targets = [] }) =>
		targets.map(({ expr }: Target) => ({ title, expr: filledIn(expr, rateWindow) })),
	);
}
