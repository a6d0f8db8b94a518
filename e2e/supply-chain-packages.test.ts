import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { publishedPackages } from "../scripts/packages/published.js";
// @boundaries-ignore what scripts are made of is tested here too
import { tarballProblems } from "../scripts/packages/tarball.js";
import { runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const WORKSPACE = { license: "MIT License", node: ">=20.19.0" };
const MANIFEST = {
	name: "@clef-sh/planted",
	type: "module",
	license: "MIT",
	engines: { node: ">=20.19.0" },
	repository: { url: "git+https://github.com/clef-sh/clef-agent.git" },
	bin: { planted: "./bin/planted.js" },
	dependencies: { valibot: "1.5.0" },
};

/** What is wrong with a good tarball after changes of its manifest and files; undefined takes a file out. */
function problemsWith(
	manifest: Readonly<Record<string, unknown>>,
	files: Readonly<Record<string, string | undefined>> = {},
): string {
	const all = {
		"package.json": JSON.stringify({ ...MANIFEST, ...manifest }),
		LICENSE: WORKSPACE.license,
		"README.md": "# planted",
		"bin/planted.js": "#!/usr/bin/env node",
		"dist/index.js": "export const place = '/v1/secrets';",
		"dist/index.js.map": '{"version":3,"sources":["../src/index.ts"]}',
		...files,
	};
	const present = Object.entries(all).flatMap(([path, text]) =>
		text === undefined ? [] : [[path, text] as const],
	);
	return tarballProblems(new Map(present), WORKSPACE).join("\n");
}

it("nothing is wrong with a good tarball", () => {
	expect(problemsWith({})).toBe("");
});

it.each<[string, RegExp, Record<string, unknown>, Record<string, string | undefined>?]>([
	["a test", /does not belong/, {}, { "dist/index.test.js": "" }],
	["sources", /does not belong/, {}, { "src/index.ts": "" }],
	["the compiler's notes", /does not belong/, {}, { "dist/.tsbuildinfo": "{}" }],
	["no page", /README\.md is missing/, {}, { "README.md": undefined }],
	["no licence", /LICENSE is missing/, {}, { LICENSE: undefined }],
	["another licence", /LICENSE is not the workspace's/, {}, { LICENSE: "GPL" }],
	[
		"a source map with a place",
		/index\.js\.map names \/home\/me\/a\.ts/,
		{},
		{ "dist/index.js.map": '{"sources":["/home/me/a.ts"]}' },
	],
	[
		"a source map with a root",
		/names file:\/\/\/ci/,
		{},
		{ "dist/index.js.map": '{"sourceRoot":"file:///ci","sources":[]}' },
	],
	[
		"the builder's folder in code",
		/index\.js names a folder/,
		{},
		{ "dist/index.js": 'load("/home/me/clef/x.js")' },
	],
	["CommonJS", /ES modules/, { type: "commonjs" }],
	["another Node", /must ask for Node >=20\.19\.0/, { engines: { node: ">=18" } }],
	["no repository", /names no repository/, { repository: undefined }],
	["a script at install", /"postinstall", which would run/, { scripts: { postinstall: "x" } }],
	[
		"a dependency of the workspace",
		/"workspace:\*" cannot be installed/,
		{ dependencies: { a: "workspace:*" } },
	],
	["a command that is not there", /is a command that is not there/, {}, { "bin/planted.js": undefined }],
])("a mistake is found: %s", (_mistake, expected, manifest, files) => {
	expect(problemsWith(manifest, files)).toMatch(expected);
});

it("packages are published after what they depend on", () => {
	const packages = publishedPackages();
	const names = packages.map(({ name }) => name);
	expect(names).toContain("@clef-sh/agent");
	expect(names).not.toContain("@clef-sh/testkit");
	for (const { name, dependencies } of packages)
		for (const needed of dependencies) expect(names.indexOf(needed)).toBeLessThan(names.indexOf(name));
});

it.each([
	[
		["--tag", "v0.0.1", "--output", "x"],
		/^The tag v0\.0\.1 is not the version of the packages; tag v\d+\.\d+\.\d+\.\n$/,
	],
	[[], /^Say where the tarballs go; use /],
	[["--surprise"], /^Unknown option '--surprise'; use /],
])("nothing is packed with %j", async (args, expected) => {
	const script = join(root, "scripts", "pack-packages.js");
	const ended = await runProgram(process.execPath, [script, ...args], { cwd: temporaryFolder() });
	expect(ended).toMatchObject({ status: 1, stdout: "" });
	expect(ended.stderr).toMatch(expected);
});

it("all packages have the version of the command", () => {
	const { version } = JSON.parse(readFileSync(join(root, "apps/agent/package.json"), "utf8"));
	expect(new Set(publishedPackages().map((one) => one.version))).toEqual(new Set([version]));
});
