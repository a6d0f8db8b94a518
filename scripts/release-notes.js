// Writes what is new in the packages' version, from their changelogs.
// Usage: node scripts/release-notes.js --output FILE

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { releaseNotes } from "./release/notes.js";
import { root } from "./run.js";

/** Why there are no notes: one sentence for whoever called. */
class NotesError extends Error {}

try {
	const output = outputOption();
	const { version } = JSON.parse(readFileSync(join(root, "apps", "agent", "package.json"), "utf8"));
	const notes = releaseNotes(version, changelogs());
	if (notes === undefined)
		throw new NotesError(`No changelog has changes for ${version}; run \`npm run changeset:version\` first.`);
	mkdirSync(dirname(output), { recursive: true });
	writeFileSync(output, notes);
	console.log(`${output}: what is new in ${version}`);
} catch (error) {
	if (!(error instanceof NotesError)) throw error;
	console.error(error.message);
	process.exitCode = 1;
}

function outputOption() {
	try {
		const { output } = parseArgs({ options: { output: { type: "string" } } }).values;
		if (output === undefined) throw new TypeError("Say where the notes go");
		return resolve(output);
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		throw new NotesError(`${error.message.split(". ")[0]}; use --output FILE.`);
	}
}

/** Applications first: more people have them than a library. @returns {import("./release/notes.js").Changelog[]} */
function changelogs() {
	const folders = ["apps", "packages"].flatMap((parent) =>
		readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
	);
	return folders
		.filter((folder) => existsSync(join(folder, "CHANGELOG.md")))
		.map((folder) => ({
			name: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name,
			changelog: readFileSync(join(folder, "CHANGELOG.md"), "utf8"),
		}));
}
