import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { runProgram } from "./command.js";
import { dashboardFile, dashboardPanels } from "./observability-dashboard.js";
import { alerts, deployed, promtool } from "./observability-files.js";
import { itWith } from "./part.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

const RULE_TESTS = readdirSync(deployed(".")).filter((name) => name.endsWith(".test.yml"));
const TYPE = fileURLToPath(new URL("grafana-dashboard-type.js", import.meta.url));
const TSC = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
/** Looks like an alert about the agent of the unit tests. */
const ALWAYS = 'label_replace(vector(1), "instance", "a", "", "")';
const PICTURE = fileURLToPath(new URL("../docs/images/dashboard.svg", import.meta.url));
const dashboard = readFileSync(dashboardFile, "utf8");

/** Runs the unit tests that speak of an alert on other rules; only the status is of interest. */
async function testedWith(rules: string, alert = ""): Promise<number | null> {
	const folder = temporaryFolder();
	const tests = RULE_TESTS.filter((name) => readFileSync(deployed(name), "utf8").includes(alert));
	expect(tests, alert).not.toEqual([]);
	for (const name of tests) copyFileSync(deployed(name), join(folder, name));
	writeFileSync(join(folder, "alerts.yml"), rules);
	return (await runProgram("promtool", ["test", "rules", ...tests], { cwd: folder })).status;
}

/** The rules with one alert's expression replaced. */
function withExpression(alert: string, expr: string): string {
	const rules = parse(readFileSync(deployed("alerts.yml"), "utf8"));
	for (const group of rules.groups)
		for (const rule of group.rules) if (rule.alert === alert) rule.expr = expr;
	return stringify(rules);
}

/** What the compiler says about a dashboard as a literal of the type that Grafana's own types make. */
async function schemaErrors(json: string): Promise<string> {
	const file = join(temporaryFolder(), "dashboard.ts");
	writeFileSync(
		file,
		`import type { DashboardJson } from ${JSON.stringify(TYPE)};\nexport const dashboard: DashboardJson = ${json};\n`,
	);
	const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
	const { stdout } = await runProgram(process.execPath, [TSC, "--ignoreConfig", ...options, file]);
	return stdout;
}

/** Panels whose titles the picture does not have. */
function titlesMissingIn(picture: string): string[] {
	const texts = new Set([...picture.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text));
	return dashboardPanels()
		.map(({ title }) => title)
		.filter((title) => !texts.has(title));
}

describe("alerts", () => {
	itWith(promtool)("are rules that Prometheus takes, and pass their unit tests", async () => {
		const { status, stdout, stderr } = await runProgram("promtool", [
			"check",
			"rules",
			deployed("alerts.yml"),
		]);
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(stdout).toContain(`${alerts().length} rules found`);
		expect(await testedWith(readFileSync(deployed("alerts.yml"), "utf8"))).toBe(0);
	});

	for (const { alert } of alerts()) {
		itWith(promtool)(`the unit tests notice when ${alert} never fires, or always`, async () => {
			expect(await testedWith(withExpression(alert, "vector(1) > 2"), alert)).toBe(1);
			expect(await testedWith(withExpression(alert, ALWAYS), alert)).toBe(1);
		});
	}

	itWith(promtool)("and the configuration that the page shows is one", async () => {
		const [scraping = ""] = snippetsFor("scraping").map(({ text }) => text);
		expect(scraping).toContain("authorization:");
		const file = join(temporaryFolder(), "shown.yml");
		const checked = async (kind: string, text: string): Promise<string> => {
			writeFileSync(file, text);
			// The token's file is on the machine of whoever reads the page.
			const options = kind === "config" ? ["--syntax-only"] : [];
			return (await runProgram("promtool", ["check", kind, ...options, file])).stderr;
		};
		expect(await checked("config", scraping)).toBe("");
		expect(await checked("config", scraping.replace("targets", "target"))).toContain(
			"field target not found",
		);
	});

	it("say how bad it is, what happened, what is still served and what to do", () => {
		for (const { alert, labels, annotations } of alerts()) {
			expect.soft(labels.severity, alert).toMatch(/^(warning|critical)$/);
			expect.soft(annotations.summary, alert).toMatch(/^(\{\{ \$labels\.instance \}\}: |no clef-agent)/);
			expect.soft(annotations.description, alert).toMatch(/^.+\. Still served: .+[.;] .+\.$/s);
		}
	});
});

describe("dashboard", () => {
	it("is what Grafana's own types allow", async () => {
		expect(await schemaErrors(dashboard)).toBe("");
	});

	it.each([
		["a dashboard's field", '"graphTooltip"', '"graphToolTip"'],
		["a panel's field", '"gridPos"', '"gridpos"'],
		["a kind of panel", '"type": "stat"', '"type": "singlestat"'],
		["an option of a panel", '"textMode"', '"texMode"'],
		["an option's value", '"value_and_name"', '"value_name"'],
		["a field's own option", '"fillOpacity"', '"fillOpacty"'],
		["a query's field", '"legendFormat"', '"legend"'],
		["a variable's field", '"includeAll"', '"all"'],
		["the schema's version", '"schemaVersion": 42', '"schemaVersion": "42"'],
	])("a misspelt %s is an error", async (_, right, wrong) => {
		expect(dashboard).toContain(right);
		expect(await schemaErrors(dashboard.replace(right, wrong))).toContain("error TS");
	});

	it("names no data source of its own, and has its panels side by side, not on each other", () => {
		const uids = [...dashboard.matchAll(/"uid": "([^"]*)"/g)].map(([, uid]) => uid);
		expect(new Set(uids)).toEqual(new Set(["$" + "{datasource}"]));
		const taken = new Set<string>();
		for (const { title, gridPos } of dashboardPanels()) {
			expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
			for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
				for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
					expect(taken, `${title} at ${x},${y}`).not.toContain(`${x},${y}`);
					taken.add(`${x},${y}`);
				}
		}
	});

	it("has a picture that shows each of its panels; `npm run docs:dashboard` draws it anew", () => {
		const picture = readFileSync(PICTURE, "utf8");
		expect(titlesMissingIn(picture)).toEqual([]);
		expect(titlesMissingIn(picture.replace(">State<", ">Status<"))).toEqual(["State"]);
	});
});
