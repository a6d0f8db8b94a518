// Which package imports which, read from the sources.

import { relative, sep } from "node:path";
import { withProject } from "../house/project.js";
import { manifestOf, packageFolders } from "../packages/manifests.js";

/**
 * A package as its sources show it.
 * @typedef {object} PackageNode
 * @property {string} folder for instance `packages/core`
 * @property {string} name as it is published, without the scope
 * @property {string} description
 * @property {readonly string[]} imports folders of the packages that it imports something from, types included
 */

/**
 * Every package of a workspace and what its sources import of the others.
 * @param {string} workspace its folder
 * @returns {PackageNode[]}
 */
export function importGraph(workspace) {
	const packages = packageFolders(workspace).map((folder) => {
		const { name: scopedName, description = "" } = manifestOf(folder, workspace);
		return { folder, scopedName, description };
	});
	const folders = new Map(packages.map(({ folder, scopedName }) => [scopedName, folder]));
	return withProject(workspace, (project) => {
		const specifiers = project.rootFiles.flatMap((path) => {
			const file = relative(workspace, path).replaceAll(sep, "/");
			const imports = project.program.getSourceFile(path)?.imports ?? [];
			return imports.map((literal) => ({ file, imported: packageName(literal.getText()) }));
		});
		return packages.map(({ folder, scopedName, description }) => {
			const imported = specifiers
				.filter(({ file }) => file.startsWith(`${folder}/src/`))
				.flatMap(({ imported }) => folders.get(imported) ?? []);
			const imports = [...new Set(imported)].filter((other) => other !== folder).toSorted();
			return { folder, name: scopedName.replace(/^@[^/]+\//, ""), description, imports };
		});
	});
}

/** Without quotes and the path of an entry point. @param {string} specifier */
function packageName(specifier) {
	return /^["'](@[^/]+\/[^/"']+)/.exec(specifier)?.[1] ?? specifier;
}
