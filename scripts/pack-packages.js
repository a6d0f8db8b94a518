// Packs all published packages for a release, and writes in which order they are published.
// Usage: node scripts/pack-packages.js [--tag vVERSION] --output DIR   (with --tag: only if it is their version)

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { packPackages, publishedPackages, tarballName } from "./packages/published.js";
import { attempt, chosen, Refusal } from "./refusal.js";
import { ensureBuilt } from "./run.js";

attempt("pack the packages", () => {
	const { tag, output } = options();
	const packages = publishedPackages();
	const versions = [...new Set(packages.map(({ version }) => `v${version}`))];
	if (versions.length > 1)
		throw new Refusal(`The packages have different versions, ${versions.join(", ")}; they go together.`);
	if (tag !== undefined && tag !== versions[0])
		throw new Refusal(`The tag ${tag} is not the version of the packages; tag ${versions[0]}.`);
	ensureBuilt();
	mkdirSync(output, { recursive: true });
	const { ok, output: said } = packPackages(packages, output);
	if (!ok) throw new Refusal(`pnpm pack failed: ${said}.`);
	writeFileSync(join(output, "order.txt"), packages.map((one) => `${tarballName(one)}\n`).join(""));
	console.log(`${output}: ${packages.length} packages, ${versions[0]}`);
});

function options() {
	return chosen("[--tag vVERSION] --output DIR", () => {
		const { tag, output } = parseArgs({
			options: { tag: { type: "string" }, output: { type: "string" } },
		}).values;
		if (output === undefined) throw new TypeError("Say where the tarballs go");
		return { tag, output: resolve(output) };
	});
}
