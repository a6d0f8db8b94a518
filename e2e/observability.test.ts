import { describe, expect, it } from "vitest";
import { runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { alerts, dashboardQueries, prometheus, promtool } from "./observability-files.js";
import type { Prometheus } from "./observability-prometheus.js";
import { ObservedAgent } from "./observability-stage.js";
import { itWith } from "./part.js";
import { exposed, unknownNames } from "./promql-names.js";

/** Longer than the test takes, so that everything that happened is in it. */
const RATE_WINDOW = "2m";
/** What fires after what the stage does, all of it at once. */
const FIRING = ["ClefAgentExpiresSoon", "ClefAgentInvalidArtifact", "ClefAgentTamperingSuspected"];

const hasData = async (on: Prometheus, expr: string): Promise<boolean> =>
	(await on.query(expr)).some(({ value }) => Number.isFinite(Number(value?.[1])));

/** The rules as Prometheus sees them, once those that should fire do. */
function firedRules(on: Prometheus) {
	return eventually(`${FIRING} to fire`, async () => {
		const all = await on.rules();
		const fires = (name: string) => all.some((rule) => rule.name === name && rule.alerts.length > 0);
		return FIRING.every(fires) ? all : undefined;
	});
}

describe("against a real agent and a real Prometheus", () => {
	itWith(prometheus)("every panel and every alert finds what it asks for", async () => {
		const observed = await ObservedAgent.start();
		await observed.drive();
		const text = await observed.text();
		const linted = await runProgram("promtool", ["check", "metrics"], { stdin: text });
		expect(linted).toEqual({ status: 0, stdout: "", stderr: "" });

		const metrics = exposed(text);
		const queries = dashboardQueries(RATE_WINDOW);
		const asked = [...queries, ...alerts().map(({ alert, expr }) => ({ title: alert, expr }))];
		const unknown = asked.flatMap(({ title, expr }) =>
			unknownNames(expr, metrics).map((name) => `${title}: ${name}`),
		);
		expect(unknown).toEqual([]);

		expect(await observed.prometheus.scrapeErrors()).toEqual([]);
		for (const { title, expr } of queries)
			await eventually(`data for ${title}: ${expr}`, () => hasData(observed.prometheus, expr));

		const rules = await firedRules(observed.prometheus);
		const health = rules.map(({ name, health, lastError = "" }) => `${name} ${health} ${lastError}`.trim());
		expect(health.sort()).toEqual(
			alerts()
				.map(({ alert }) => `${alert} ok`)
				.sort(),
		);
		const active = rules.flatMap(({ name, alerts }) => alerts.map((each) => ({ name, ...each })));
		const firing = active.filter(({ state }) => state === "firing");
		expect([...new Set(firing.map(({ name }) => name))].sort()).toEqual(FIRING);
		for (const { annotations } of firing) {
			expect(annotations.summary).toContain(`127.0.0.1:${observed.agent.port}`);
			expect(JSON.stringify(annotations)).not.toMatch(/<error|<no value>|%!|\{\{/);
		}
	});

	itWith(prometheus)("a scrape with a wrong token and a broken query are noticed", async () => {
		const { prometheus: refused } = await ObservedAgent.start({ token: "wrong" });
		await eventually("a first scrape", () => hasData(refused, "up == 0"));
		expect(await refused.scrapeErrors()).toEqual([expect.stringContaining("401")]);
		for (const { expr } of dashboardQueries(RATE_WINDOW)) expect(await hasData(refused, expr)).toBe(false);
		await expect(refused.query("sum by (job (up)")).rejects.toThrow(/parse error/);
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
		expect(stderr).toMatch(/"_total" suffix[\s\S]*no help text/);
	});
});
