import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { releaseNotes } from "../scripts/release/notes.js";
// @boundaries-ignore what scripts are made of is tested here too
import { chosenSteps, LEFT_OUT, TAKEN, workflowSteps } from "../scripts/release/steps.js";
// @boundaries-ignore what scripts are made of is tested here too
import { releaseFiles, releaseProblems, tableLines } from "../scripts/release/table.js";
import { workspace } from "./lambda-layer-stage.js";
import { temporaryFolder } from "./temporary-folder.js";

const workflow = readFileSync(join(workspace, ".github/workflows/release.yml"), "utf8");

describe("a rehearsed release", () => {
	it("takes or names every step of the workflow that runs commands", () => {
		const { taken, problems } = chosenSteps(workflowSteps(workflow));
		expect(problems).toEqual([]);
		expect(taken.map(({ job, name }) => `${job}/${name}`)).toEqual(TAKEN.map(({ step }) => step));
		for (const reason of Object.values(LEFT_OUT)) expect(reason).toMatch(/\w/);
	});

	it("takes steps that need nothing of GitHub but its variables", () => {
		for (const { run } of chosenSteps(workflowSteps(workflow)).taken) {
			expect(run).not.toContain("$" + "{{");
			const used = run.match(/GITHUB_\w+|RUNNER_\w+/g) ?? [];
			expect(["GITHUB_REF_NAME", "GITHUB_SHA", "RUNNER_TEMP"]).toEqual(expect.arrayContaining(used));
		}
	});

	it.each([
		[
			"a new step",
			"      - name: Release notes\n",
			"      - name: More\n        run: more\n      - name: Release notes\n",
			/release\.yml has the step "build\/More"/,
		],
		[
			"a step with another name",
			"name: Images",
			"name: Pictures",
			/"build\/Pictures".*does not know[\s\S]*"build\/Images".*does not have/,
		],
	])("does not start after %s of the workflow", (_change, good, other, expected) => {
		expect(workflow).toContain(good);
		expect(chosenSteps(workflowSteps(workflow.replace(good, other))).problems.join("\n")).toMatch(expected);
	});
});

describe("what came out of it", () => {
	const TRIED = [
		{ title: "tool: starts", status: "passed" },
		{ title: "tool: starts elsewhere (needs a Mac)", status: "skipped" },
		{ title: "images/tool.tar: loaded", status: "passed" },
	];

	function folder(): string {
		const path = temporaryFolder();
		mkdirSync(join(path, "images"));
		writeFileSync(join(path, "tool"), "abc");
		for (const name of ["tool.tar", "tool.digest"]) writeFileSync(join(path, "images", name), "abc");
		return path;
	}

	it("is listed with its size, its hash and how it was tried", () => {
		const files = releaseFiles(folder(), TRIED);
		expect(releaseProblems(files, TRIED)).toEqual([]);
		const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
		expect(tableLines(files)).toEqual([
			`images/tool.tar     0.0 KB  ${hash}`,
			"    ok   loaded",
			`tool                0.0 KB  ${hash}`,
			"    ok   starts",
			"    skip starts elsewhere (needs a Mac)",
		]);
	});

	it.each([
		["a test that failed", [...TRIED, { title: "tool: ends", status: "failed" }], ["failed: tool: ends"]],
		["a file that nobody tried", TRIED.slice(0, 2), ["not tried at all: images/tool.tar"]],
		["no tests", [], ["no test ran", "not tried at all: images/tool.tar", "not tried at all: tool"]],
	])("is a failure with %s", (_what, results, expected) => {
		expect(releaseProblems(releaseFiles(folder(), results), results)).toEqual(expected);
	});
});

describe("release notes", () => {
	const agent = {
		name: "@clef-sh/agent",
		changelog: [
			"# @clef-sh/agent",
			"",
			"## 0.3.0",
			"",
			"### Minor Changes",
			"",
			"- 0123abc: Something new.",
			"",
			"  - With a list.",
			"",
			"- 4567def: Another thing.",
			"",
			"### Patch Changes",
			"",
			"- Updated dependencies [0123abc]",
			"  - @clef-sh/core@0.3.0",
			"",
			"## 0.2.0",
			"",
			"### Minor Changes",
			"",
			"- 89abcde: Old.",
			"",
		].join("\n"),
	};
	const core = {
		name: "@clef-sh/core",
		changelog:
			"# @clef-sh/core\n\n## 0.3.0\n\n### Minor Changes\n\n- 0123abc: Something new.\n\n  - With a list.\n",
	};

	it("are what the changelogs have for the version, each change once, with its packages", () => {
		expect(releaseNotes("0.3.0", [agent, core])).toBe(
			[
				"## New",
				"",
				"Something new.",
				"",
				"- With a list.",
				"",
				"*`@clef-sh/agent`, `@clef-sh/core`*",
				"",
				"Another thing.",
				"",
				"*`@clef-sh/agent`*",
				"",
			].join("\n"),
		);
	});

	it("are none where nothing is new", () => {
		expect(releaseNotes("0.2.0", [core])).toBeUndefined();
		expect(releaseNotes("0.3", [agent])).toBeUndefined();
	});
});
