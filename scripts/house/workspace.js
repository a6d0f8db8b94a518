// Reads the workspace through the compiler's interface, which is unstable by its name: its version is pinned, and
// nothing that is delivered uses it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { API } from "typescript/unstable/sync";
import { root } from "../run.js";
import { measured } from "./measure.js";

/** @typedef {import("./measure.js").Measured} Measured */
/** @typedef {ReturnType<API["updateSnapshot"]>} Snapshot */
/** @typedef {ReturnType<Snapshot["getProjects"]>[number]} Project */

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

/**
 * @template T
 * @param {string} folder
 * @param {(project: Project) => T} use
 * @returns {T}
 */
function withProject(folder, use) {
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

/** @param {Project} project @param {string} path @param {string} folder */
function measuredFile(project, path, folder) {
	const source = project.program.getSourceFile(path);
	return source === undefined ? [] : [measured(source, relative(folder, path).replaceAll(sep, "/"))];
}

/** @returns {string[]} */
function packageFolders() {
	return ["packages", "apps"].flatMap((parent) =>
		readdirSync(join(root, parent))
			.filter((name) => existsSync(join(root, parent, name, "package.json")))
			.map((name) => `${parent}/${name}`),
	);
}

/** @param {Project} project @param {string} folder @returns {EntryPoint[]} */
function entryPoints(project, folder) {
	/** @type {{ name: string, exports?: Record<string, unknown> }} */
	const { exports = {} } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
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
