// How much a user has to take: files as they lie on disk, beside the Node.js that runs them.

import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { builds } from "./variants.js";

const MB = 1_000_000;

/** @type {import("./parts.js").Part} */
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

/** @param {string} folder @returns {number} */
function folderBytes(folder) {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.reduce((sum, { name, parentPath }) => sum + statSync(join(parentPath, name)).size, 0);
}
