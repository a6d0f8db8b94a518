import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chooserProblems, formProblems } from "./contribution-forms.js";
import { workspace } from "./lambda-layer-stage.js";

const folder = join(workspace, ".github", "ISSUE_TEMPLATE");
const forms = readdirSync(folder).filter((name) => name !== "config.yml");
const bug = read("bug.yml");
const chooser = read("config.yml");

function read(name: string): string {
	return readFileSync(join(folder, name), "utf8");
}

describe("the forms for issues", () => {
	it.each(forms)("%s is one that GitHub would show", (name) => {
		expect(formProblems(read(name))).toEqual([]);
	});

	it.each(forms)("%s lets nobody send a secret without being asked", (name) => {
		expect(read(name)).toMatch(
			/There is no secret, private key, token or artifact in this \w+\.\n +required: true/,
		);
	});

	it("a bug comes with its version, its code and the place of the artifacts, and with no secrets", () => {
		for (const words of [
			"Never paste secrets",
			"`clef-agent --version`",
			"Error code",
			"Where do the artifacts lie",
		])
			expect(bug).toContain(words);
	});

	it("whoever has found a vulnerability is sent where SECURITY.md says", () => {
		expect(chooserProblems(chooser)).toEqual([]);
		const place = "https://github.com/clef-sh/clef-agent/security/advisories/new";
		for (const text of [chooser, bug]) expect(text).toContain(place);
		expect(readFileSync(join(workspace, "SECURITY.md"), "utf8")).toContain('"Report a vulnerability"');
	});

	it("their links into the repository lead somewhere", () => {
		const paths = [...forms, "config.yml"].flatMap((name) =>
			[...read(name).matchAll(/clef-agent\/blob\/main\/([\w./-]+)/g)].map(([, path = ""]) => path),
		);
		expect(paths).toContain("docs/errors.md");
		for (const path of paths)
			expect({ path, exists: existsSync(join(workspace, path)) }).toEqual({ path, exists: true });
	});
});

describe("a mistake is found", () => {
	it.each([
		["another key", "labels: [bug]", "label: bug", /label is no part of a form/],
		["no name", "name: Something is wrong\n", "", /name is missing/],
		["the same id twice", "id: code", "id: version", /two elements have the id version/],
		["an id with a space", "id: code", "id: error code", /error code cannot be an id/],
		["a kind that is none", "type: dropdown", "type: select", /there is no kind "select"/],
		["no label", "label: Version", "title: Version", /label is missing.*title is not for input/s],
		["the same choice twice", "- HTTP(S) URL", "- File", /two choices are the same/],
		["nothing to choose", /options:\n( +- .*\n)+/, "options: []\n", /there is nothing to choose/],
		["another validation", "required: true", "needed: true", /needed validates nothing/],
	])("%s", (_mistake, good, bad, expected) => {
		expect(bug).toMatch(typeof good === "string" ? new RegExp(good.replaceAll(/[[\]()]/g, "\\$&")) : good);
		expect(formProblems(bug.replace(good, bad)).join("\n")).toMatch(expected);
	});

	it.each([
		["blank issues", "blank_issues_enabled: false\n", /blank_issues_enabled is not said/],
		["a link without its place", /^ +url: .*\n/m, /a link has no url/],
	])("in the chooser: %s", (_mistake, left, expected) => {
		expect(chooserProblems(chooser.replace(left, "")).join("\n")).toMatch(expected);
	});
});

describe("CODEOWNERS", () => {
	const lines = readFileSync(join(workspace, ".github", "CODEOWNERS"), "utf8")
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"));

	it("names a team of this repository's organization for everything, and for paths that exist", () => {
		expect(lines[0]).toMatch(/^\* /);
		const { repository } = JSON.parse(readFileSync(join(workspace, "apps/agent/package.json"), "utf8"));
		const [, organization] = /github\.com\/([\w-]+)\//.exec(repository.url) ?? [];
		for (const line of lines) {
			const [path = "", ...owners] = line.split(/\s+/);
			expect(owners).toEqual([`@${organization}/maintainers`]);
			expect({ path, exists: path === "*" || existsSync(join(workspace, path)) }).toEqual({
				path,
				exists: true,
			});
		}
	});
});
