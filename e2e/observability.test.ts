import { describe, expect, it } from "vitest";
import { Prometheus } from "../scripts/observability/prometheus.js";
import { runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { alerts, dashboardQueries, prometheus, promtool } from "./observability-files.js";
import { ObservedAgent } from "./observability-stage.js";
import { itWith } from "./part.js";
import { exposed, unknownNames } from "./promql-names.js";

/** Longer than the test takes, so that everything that happened is in it. */
const RATE_WINDOW = "2m";
/** What fires after what the stage does, all of it at once. */
const FIRING = ["ClefAgentExpiresSoon", "ClefAgentInvalidArtifact", "ClefAgentTamperingSuspected"];

async function withoutData(on: Prometheus): Promise<string[]> {
	const missing: string[] = [];
	for (const { title, expr } of dashboardQueries(RATE_WINDOW)) {
		const series = await on.query(expr);
		if (!series.some(({ value }) => Number.isFinite(Number(value?.[1])))) missing.push(`${title}: ${expr}`);
	}
	return missing;
}

describe("against a real agent and a real Prometheus", () => {
	itWith(prometheus)("every query finds what it asks for, and alerts fire", async () => {
		const observed = await ObservedAgent.start();
		await observed.drive();
		const text = await observed.text();
		expect(await runProgram("promtool", ["check", "metrics"], { stdin: text })).toEqual({
			status: 0,
			stdout: "",
			stderr: "",
		});

		const metrics = exposed(text);
		const asked = [...dashboardQueries(RATE_WINDOW), ...alerts().map(({ alert, expr }) => ({ title: alert, expr }))];
		expect(asked.flatMap(({ title, expr }) => unknownNames(expr, metrics).map((name) => `${title}: ${name}`))).toEqual(
			[],
		);

		expect(await observed.prometheus.scrapeErrors()).toEqual([]);
		let missing: readonly string[] = [];
		await eventually(`data for all panels; without are ${missing.join("\n")}`, async () => {
			missing = await withoutData(observed.prometheus);
			return missing.length === 0;
		}).catch(() => expect(missing).toEqual([]));

		for (const { expr } of alerts()) await observed.prometheus.query(expr);
		const rules = await eventually("alerts that fire", async () => {
			const all = await observed.prometheus.rules();
			return FIRING.every((name) => all.some((rule) => rule.name === name && rule.alerts.length > 0)) && all;
		});
		expect(rules.map(({ name, health, lastError = "" }) => `${name} ${health} ${lastError}`.trim())).toEqual(
			alerts().map(({ alert }) => `${alert} ok`),
		);
		const firing = rules.flatMap(({ name, alerts: active }) =>
			active.filter(({ state }) => state === "firing").map(({ annotations }) => ({ name, annotations })),
		);
		expect([...new Set(firing.map(({ name }) => name))].sort()).toEqual(FIRING);
		for (const { annotations } of firing) {
			expect(annotations.summary).toContain(`127.0.0.1:${observed.agent.port}`);
			expect(JSON.stringify(annotations)).not.toMatch(/<error|<no value>|%!|\{\{/);
		}
	});

	itWith(prometheus)("a query that Prometheus cannot read, and a scrape with a wrong token, are noticed", async () => {
		const observed = await ObservedAgent.start();
		await expect(observed.prometheus.query("sum by (job (up)")).rejects.toThrow(/parse error/);
		await eventually("a first scrape", async () => (await observed.prometheus.query("up == 1")).length > 0);
		expect(await withoutData(observed.prometheus)).not.toEqual([]);
	});
});

describe("planted mistakes", () => {
	const metrics = exposed('up_total{state="on"} 1\nup_total{state="off"} 2\nother 3\n');

	it.each([
		["up_totals", ["metric up_totals"]],
		['rate(up_total{stat="on"}[5m])', ["label stat of up_total"]],
		['up_total{state="onn"}', ["value onn of state of up_total"]],
		['up_total{state=~"onn|offf"}', ["value onn|offf of state of up_total"]],
		['up_total / other{state="on"}', ["label state of other"]],
		["sum by (stat) (up_total)", ["label stat"]],
		['sum by (state, job) (up_total{state!="gone", instance="a"}) > 0', []],
	])("%s lacks %j", (expr, unknown) => {
		expect(unknownNames(expr, metrics)).toEqual(unknown);
	});

	it("what is no PromQL is said", () => {
		expect(() => unknownNames("sum by (state (up_total)", metrics)).toThrow(/no PromQL/);
	});

	itWith(promtool)("text that Prometheus' own linter does not like is said", async () => {
		const stdin = "# TYPE requests counter\nrequests 1\n";
		const { status, stderr } = await runProgram("promtool", ["check", "metrics"], { stdin });
		expect(status).not.toBe(0);
		expect(stderr).toMatch(/no help text[\s\S]*_total/);
	});
});
