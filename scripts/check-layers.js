// Arrows between packages run one way (turbo.json holds the rules). This checks the workspace, and then checks
// the check: each forbidden arrow, planted in a copy, must be found.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { filesBelow } from "./files.js";
import { manifestOf, packageFolders } from "./packages/manifests.js";
import { root, tool } from "./run.js";

/**
 * What may not be, and what the tool says to it.
 * @type {readonly { title: string, said: RegExp, plant: (copy: string) => void }[]}
 */
const FORBIDDEN = [
	{
		title: "an import of a package that is not declared",
		said: /cannot import package `@clef-sh\/router`/,
		plant: (copy) => source(copy, "core", 'import "@clef-sh/router";'),
	},
	{
		title: "the same, loaded later",
		said: /cannot import package `@clef-sh\/core`/,
		plant: (copy) => source(copy, "artifact", 'export const late = () => import("@clef-sh/core");'),
	},
	{
		title: "an import by path into another package",
		said: /leaves the package/,
		plant: (copy) => source(copy, "sources", 'import "../../artifact/src/index.js";'),
	},
	{
		title: "a declared dependency against the arrows",
		said: /`@clef-sh\/sources` found without any tag listed in allowlist for/,
		plant: (copy) => dependency(copy, "artifact", "@clef-sh/sources"),
	},
	{
		title: "a test double that imports what it is used to test",
		said: /cannot import package `@clef-sh\/core`/,
		plant: (copy) => source(copy, "testkit", 'import "@clef-sh/core";'),
	},
	{
		title: "an npm package that is not declared",
		said: /cannot import package `hono`/,
		plant: (copy) => source(copy, "core", 'import "hono";'),
	},
];

/** What tests may import and published sources may not: it is not installed with the package. */
const TEST_ONLY = /(?:from|import|import\()\s*"(@clef-sh\/testkit|vitest|fast-check)[/"]/g;

const problems = [...boundaries(root).problems, ...testOnlyImports(), ...missedPlants()];
for (const problem of problems) console.error(problem);
console.log(
	problems.length === 0 ? `layers hold; ${FORBIDDEN.length} planted arrows were all found` : "layers broken",
);
process.exitCode = problems.length === 0 ? 0 : 1;

/** @param {string} folder */
function boundaries(folder) {
	const { ok, output } = tool("turbo", ["boundaries", "--no-color"], { cwd: folder });
	return { output, problems: ok ? [] : [output] };
}

/** @returns {string[]} */
function testOnlyImports() {
	return packageFolders()
		.filter((folder) => folder !== "packages/testkit")
		.flatMap((folder) => filesBelow(join(root, folder, "src")).map((name) => join(folder, "src", name)))
		.filter((file) => file.endsWith(".ts"))
		.flatMap((file) =>
			[...readFileSync(join(root, file), "utf8").matchAll(TEST_ONLY)].map(
				([, name]) => `${file}: ${name} is for tests only`,
			),
		);
}

/** @returns {string[]} */
function missedPlants() {
	return FORBIDDEN.flatMap(({ title, said, plant }) => {
		const copy = workspaceCopy();
		try {
			plant(copy);
			return said.test(boundaries(copy).output) ? [] : [`the layer check does not find ${title}`];
		} finally {
			rmSync(copy, { recursive: true, force: true });
		}
	});
}

/** Copies what the tool reads: manifests, rules and sources. */
function workspaceCopy() {
	const copy = mkdtempSync(join(tmpdir(), "clef-layers-"));
	const left = new Set(["node_modules", "dist", "coverage", ".turbo", ".git", "docs", "test", "vectors"]);
	cpSync(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) });
	return copy;
}

/** @param {string} copy @param {string} name @param {string} code */
function source(copy, name, code) {
	writeFileSync(join(copy, "packages", name, "src", "planted.ts"), `${code}\n`);
}

/** @param {string} copy @param {string} name @param {string} needed */
function dependency(copy, name, needed) {
	const folder = join("packages", name);
	const manifest = manifestOf(folder, copy);
	manifest.dependencies = { ...manifest.dependencies, [needed]: "workspace:*" };
	writeFileSync(join(copy, folder, "package.json"), JSON.stringify(manifest));
}
