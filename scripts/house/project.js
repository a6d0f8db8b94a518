// Opens a folder of TypeScript through the compiler's interface, which is unstable by its name: its version is pinned,
// and nothing that is delivered uses it.

import { join } from "node:path";
import { API } from "typescript/unstable/sync";

/** @typedef {ReturnType<API["updateSnapshot"]>} Snapshot */
/** @typedef {ReturnType<Snapshot["getProjects"]>[number]} Project */

/**
 * Hands over the project of a folder's tsconfig.json, which is closed afterwards.
 * @template T
 * @param {string} folder
 * @param {(project: Project) => T} use
 * @returns {T}
 */
export function withProject(folder, use) {
	const compiler = new API({ cwd: folder });
	try {
		const [project] = compiler
			.updateSnapshot({ openProjects: [join(folder, "tsconfig.json")] })
			.getProjects();
		if (project === undefined) throw new RangeError(`The compiler finds no project in ${folder}.`);
		return use(project);
	} finally {
		compiler.close();
	}
}
