// Writes what is new in the packages' version, from their changelogs.
// Usage: node scripts/release-notes.js --output FILE

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { agentVersion, manifestOf, packageFolders } from "./packages/manifests.js";
import { attempt, chosen, Refusal } from "./refusal.js";
import { releaseNotes } from "./release/notes.js";
import { root } from "./run.js";

attempt("write the release notes", () => {
	const output = outputOption();
	const version = agentVersion();
	const notes = releaseNotes(version, changelogs());
	if (notes === undefined)
		throw new Refusal(`No changelog has changes for ${version}; run \`npm run changeset:version\` first.`);
	mkdirSync(dirname(output), { recursive: true });
	writeFileSync(output, notes);
	console.log(`${output}: what is new in ${version}`);
});

function outputOption() {
	return chosen("--output FILE", () => {
		const { output } = parseArgs({ options: { output: { type: "string" } } }).values;
		if (output === undefined) throw new TypeError("Say where the notes go");
		return resolve(output);
	});
}

/** Applications first: more people have them than a library. @returns {import("./release/notes.js").Changelog[]} */
function changelogs() {
	const applications = packageFolders().filter((folder) => folder.startsWith("apps/"));
	return [...new Set([...applications, ...packageFolders()])]
		.map((folder) => ({ name: manifestOf(folder).name, file: join(root, folder, "CHANGELOG.md") }))
		.filter(({ file }) => existsSync(file))
		.map(({ name, file }) => ({ name, changelog: readFileSync(file, "utf8") }));
}
