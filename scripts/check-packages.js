// Packs every package as it would be published and checks the tarball: its files, its exports and its types.
// Also checks that the workspace's manifests agree with each other.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt, root, run, tool } from "./run.js";

/** Files that help nobody who installs the package. */
const UNWANTED =
	/(?:^|\/)(?:src|test|tests|coverage|node_modules|\.turbo)\/|\.test\.|\.tsbuildinfo$|(?<!\.d)\.ts$|\.env$/;
const EXPECTED = ["package.json", "LICENSE"];

ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), "clef-pack-"));
try {
	process.exitCode = check() ? 0 : 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** @returns {boolean} */
function check() {
	const names = publishedNames();
	const filters = names.map((name) => `--filter=${name}`);
	const packing = run(process.execPath, [
		`${root}scripts/pnpm.js`,
		...filters,
		"pack",
		"--pack-destination",
		folder,
	]);
	if (!packing.ok) return report("pnpm pack", [packing.output]);
	const results = names.map(checkTarball);
	const manifests = tool("sherif", []);
	report("manifests (sherif)", manifests.ok ? [] : [manifests.output]);
	return manifests.ok && results.every(Boolean);
}

/** @returns {string[]} */
function publishedNames() {
	return ["packages", "apps"]
		.flatMap((parent) =>
			readdirSync(join(root, parent)).map((name) => join(root, parent, name, "package.json")),
		)
		.map((file) => JSON.parse(readFileSync(file, "utf8")))
		.filter((manifest) => manifest.private !== true)
		.map((manifest) => manifest.name);
}

/** @param {string} name */
function checkTarball(name) {
	const prefix = `${name.replace("@", "").replace("/", "-")}-`;
	const file = readdirSync(folder).find((entry) => entry.startsWith(prefix));
	if (file === undefined) return report(name, ["was not packed"]);
	const tarball = join(folder, file);
	const listing = run("tar", ["-tzf", tarball]).output.split("\n");
	const files = listing.map((line) => line.replace(/^package\//, ""));
	const problems = [
		...files.filter((path) => UNWANTED.test(path)).map((path) => `${path} does not belong into the tarball`),
		...EXPECTED.filter((path) => !files.includes(path)).map((path) => `${path} is missing from the tarball`),
		...complaint("publint", ["run", tarball, "--strict"]),
		...complaint("attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"]),
	];
	return report(`${name}: ${files.length} files, ${kilobytes(tarball)}`, problems);
}

/** @param {string} name @param {readonly string[]} args */
function complaint(name, args) {
	const { ok, output } = tool(name, args);
	return ok ? [] : [`${name}: ${output}`];
}

/** @param {string} title @param {readonly string[]} problems */
function report(title, problems) {
	console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${title}`);
	for (const problem of problems) console.error(`     ${problem.replaceAll("\n", "\n     ")}`);
	return problems.length === 0;
}

/** @param {string} file */
function kilobytes(file) {
	return `${(statSync(file).size / 1000).toFixed(1)} kB packed`;
}
