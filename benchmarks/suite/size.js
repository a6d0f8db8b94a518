// How much a user has to take: files as they lie on disk, beside the Node.js that runs them.

import { statSync } from "node:fs";
import { dirname, join } from "node:path";
// @boundaries-ignore folders are walked in one way everywhere
import { filesBelow } from "../../scripts/files.js";
import { builds } from "./variants.js";

const MB = 1_000_000;

/** The part of the benchmark that measures sizes, which need no rounds. @type {import("./parts.js").Part} */
export async function size() {
	const { builds: all, missing } = builds();
	const figures = all.map(({ command, name, node, nodeVersion }) => {
		const file = command.at(-1) ?? "";
		const bytes = name === "binary" ? statSync(file).size : folderBytes(dirname(file));
		return {
			what: name === "binary" ? "one executable" : "the package's files, beside which Node.js is needed",
			measure: "size",
			unit: "MB",
			subject: name,
			reference: `Node ${nodeVersion} alone`,
			values: { subject: [bytes / MB], reference: [statSync(node).size / MB] },
		};
	});
	return { figures, missing };
}

/** @param {string} folder */
function folderBytes(folder) {
	return filesBelow(folder).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
}
