// Packs every package as it would be published and checks the tarball: its files, its exports and its types.
// Also checks that the workspace's manifests agree with each other.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifestOf } from "./packages/manifests.js";
import { packPackages, publishedPackages, tarballName } from "./packages/published.js";
import { tarballFiles, tarballProblems } from "./packages/tarball.js";
import { ensureBuilt, root, tool } from "./run.js";

const workspace = {
	license: readFileSync(join(root, "LICENSE"), "utf8"),
	node: manifestOf(".").engines?.node ?? "",
};

ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), "clef-pack-"));
try {
	process.exitCode = check() ? 0 : 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** @returns {boolean} */
function check() {
	const packages = publishedPackages();
	const packing = packPackages(packages, folder);
	if (!packing.ok) return report("pnpm pack", [packing.output]);
	const results = packages.map(checkTarball);
	const manifests = tool("sherif", []);
	report("manifests (sherif)", manifests.ok ? [] : [manifests.output]);
	return manifests.ok && results.every(Boolean);
}

/** @param {import("./packages/published.js").PublishedPackage} one */
function checkTarball(one) {
	const tarball = join(folder, tarballName(one));
	if (!existsSync(tarball)) return report(one.name, ["was not packed"]);
	const files = tarballFiles(tarball);
	const problems = [
		...tarballProblems(files, workspace),
		...complaint("publint", ["run", tarball, "--strict"]),
		...complaint("attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"]),
	];
	return report(`${one.name}: ${files.size} files, ${kilobytes(tarball)}`, problems);
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
