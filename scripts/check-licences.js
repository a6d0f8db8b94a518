// Every package that is installed with one of ours or is bundled in the command has a licence that allows it.
// Usage: node scripts/check-licences.js [--notices FILE]   (default: those of the built command)

import { join } from "node:path";
import { parseArgs } from "node:util";
import { licenceProblems } from "./licences/allowed.js";
import { ensureBuilt, root, run } from "./run.js";
import { bundledPackages } from "./sbom/bundled-packages.js";

/** @typedef {import("./licences/allowed.js").LicensedPackage} LicensedPackage */

const { notices } = parseArgs({ options: { notices: { type: "string" } } }).values;
if (notices === undefined) ensureBuilt();
const built = join(root, "apps", "agent", "dist", "THIRD-PARTY-NOTICES.txt");
const packages = [...installedPackages(), ...bundledPackages(notices ?? built)];
const problems = licenceProblems(unique(packages));
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${unique(packages).length} packages have a licence that is allowed`);
process.exitCode = problems.length === 0 ? 0 : 1;

/**
 * What comes with our packages as their dependencies.
 * @returns {LicensedPackage[]}
 */
function installedPackages() {
	// The testkit alone is never delivered.
	const args = ["--filter", "!@clef-sh/testkit", "licenses", "list", "--prod", "--json"];
	const { ok, stdout, output } = run(process.execPath, [`${root}scripts/pnpm.js`, ...args]);
	if (!ok) throw new RangeError(`pnpm licenses failed: ${output}`);
	/** @type {Record<string, { name: string, versions: string[], license: string }[]>} */
	const byLicence = JSON.parse(stdout);
	return Object.values(byLicence)
		.flat()
		.flatMap(({ name, versions, license }) => versions.map((version) => ({ name, version, license })));
}

/** @param {readonly LicensedPackage[]} all */
function unique(all) {
	return [...new Map(all.map((one) => [`${one.name}@${one.version} ${one.license}`, one])).values()];
}
