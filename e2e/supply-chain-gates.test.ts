import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { licenceProblems } from "../scripts/licences/allowed.js";
import { runProgram } from "./command.js";
import { shellProgram } from "./lambda-layer-stage.js";
import { temporaryFolder } from "./temporary-folder.js";

// pnpm reads every package of the workspace.
vi.setConfig({ testTimeout: 120_000 });

const root = fileURLToPath(new URL("..", import.meta.url));
const notices = join(root, "apps", "agent", "dist", "THIRD-PARTY-NOTICES.txt");

function script(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
	return runProgram(process.execPath, [join(root, "scripts", name), ...args], { env });
}

describe("licences", () => {
	const one = (license: string, name = "planted") => [{ name, version: "1.0.0", license }];

	it("a bundled package with a licence that is not on the list stops the check", async () => {
		const text = readFileSync(notices, "utf8").replace(/^(age-encryption \S+) \(.+\)$/m, "$1 (GPL-3.0-only)");
		const planted = join(temporaryFolder(), "notices.txt");
		writeFileSync(planted, text);
		const ended = await script("check-licences.js", ["--notices", planted]);
		expect(ended).toMatchObject({ status: 1, stdout: "" });
		expect(ended.stderr).toMatch(
			/^age-encryption \S+ has the licence "GPL-3\.0-only", which is not on the list/,
		);
	});

	it.each(["MIT", "MIT OR GPL-3.0-only", "(ISC AND Apache-2.0)"])("%s is allowed", (license) => {
		expect(licenceProblems(one(license), {})).toEqual([]);
	});

	it.each([
		"AGPL-3.0-only",
		"MIT AND GPL-3.0-only",
		"Apache-2.0 WITH LLVM-exception",
		"SEE LICENSE IN LICENSE.md",
		"UNLICENSED",
		"Unknown",
		"",
	])("%j is not", (license) => {
		expect(licenceProblems(one(license), {})).toHaveLength(1);
	});

	it("an exception holds for one package and for exactly what it says", () => {
		const exceptions = { planted: { license: "Unknown", reason: "its LICENSE is MIT's text" } };
		expect(licenceProblems(one("Unknown"), exceptions)).toEqual([]);
		expect(licenceProblems(one("GPL-3.0-only"), exceptions)).toHaveLength(1);
		expect(licenceProblems([...one("Unknown"), ...one("Unknown", "other")], exceptions)).toHaveLength(1);
		expect(licenceProblems(one("MIT"), exceptions)).toEqual([
			"The exception for planted is not needed any more",
		]);
	});
});

describe("audit", () => {
	/** The script, where pnpm would say this and end so. */
	async function audit(said: string, status: number, ...args: string[]) {
		const folder = temporaryFolder();
		shellProgram(join(folder, "npx"), `echo "${said}"\nexit ${status}`);
		return script("audit.js", args, { PATH: `${folder}${delimiter}${process.env.PATH}` });
	}

	const REFUSED = "ERR_PNPM_AUDIT_BAD_RESPONSE The audit endpoint responded with 405";

	it("known vulnerabilities stop it", async () => {
		const ended = await audit("2 vulnerabilities found", 1);
		expect(ended).toMatchObject({ status: 1, stderr: expect.stringContaining("2 vulnerabilities found") });
	});

	it("none do not", async () => {
		expect(await audit("No known vulnerabilities found", 0)).toMatchObject({ status: 0, stderr: "" });
	});

	it("a registry that answers no audits is a skip that says so", async () => {
		const ended = await audit(REFUSED, 1);
		expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^SKIPPED audit: /) });
	});

	it("and a failure where the answer is required, as in a release", async () => {
		expect(await audit(REFUSED, 1, "--required")).toMatchObject({ status: 1, stdout: "" });
		for (const name of ["ci.yml", "release.yml"])
			expect(readFileSync(join(root, ".github", "workflows", name), "utf8")).toContain(
				"npm run audit -- --required",
			);
	});
});
