// Measures the workspace, or another folder, part by part.

import { join, relative, sep } from "node:path";
import { manifestOf, packageFolders } from "../packages/manifests.js";
import { root } from "../run.js";
import { measured } from "./measure.js";
import { withProject } from "./project.js";

/** @typedef {import("./measure.js").Measured} Measured */
/** @typedef {import("./project.js").Project} Project */

/**
 * A folder of the workspace that is measured by itself.
 * @typedef {object} Part
 * @property {string} name for instance `packages/core`
 * @property {boolean} isDelivered whether it is in what users get
 * @property {readonly Measured[]} code
 * @property {readonly Measured[]} tests
 * @property {readonly EntryPoint[]} entryPoints
 */

/** @typedef {{ path: string, names: number }} EntryPoint what can be imported of a package, and how many names */

const OTHERS = ["scripts", "e2e", "benchmarks", "stress"];
/** Holds what tests are made of, so that all of it counts as tests. */
const TESTKIT = "packages/testkit";

/**
 * Every package and application, then the folders that serve them.
 * @returns {Part[]}
 */
export function workspaceParts() {
	return withProject(root, (project) => {
		const files = project.rootFiles.flatMap((path) => measuredFile(project, path, root));
		/** @param {string} folder */
		const below = (folder) => files.filter(({ file }) => file.startsWith(`${folder}/`));
		const packages = packageFolders().map((name) => {
			const isDelivered = name !== TESTKIT;
			return {
				...{ name, isDelivered, entryPoints: entryPoints(project, name) },
				code: below(isDelivered ? `${name}/src` : name),
				tests: isDelivered ? below(`${name}/test`) : [],
			};
		});
		const others = { isDelivered: false, tests: [], entryPoints: [] };
		return [...packages, ...OTHERS.map((name) => ({ ...others, name, code: below(name) }))];
	});
}

/**
 * Every file of the project in a folder.
 * @param {string} folder with a tsconfig.json
 * @returns {Measured[]}
 */
export function measuredFiles(folder) {
	return withProject(folder, (project) =>
		project.rootFiles.flatMap((path) => measuredFile(project, path, folder)),
	);
}

/** @param {Project} project @param {string} path @param {string} folder */
function measuredFile(project, path, folder) {
	const source = project.program.getSourceFile(path);
	return source === undefined ? [] : [measured(source, relative(folder, path).replaceAll(sep, "/"))];
}

/** @param {Project} project @param {string} folder @returns {EntryPoint[]} */
function entryPoints(project, folder) {
	const { exports = {} } = manifestOf(folder);
	return Object.entries(exports).flatMap(([path, target]) => {
		const source =
			target !== null && typeof target === "object" && "clef-source" in target
				? target["clef-source"]
				: undefined;
		const file =
			typeof source === "string" ? project.program.getSourceFile(join(root, folder, source)) : undefined;
		const module = file && project.checker.getSymbolAtLocation(file);
		return module === undefined ? [] : [{ path, names: project.checker.getExportsOfModule(module).length }];
	});
}
