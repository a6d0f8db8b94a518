// The packages of the workspace, and what their package.json says.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.js";

/**
 * What scripts read of a package.json.
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {string} [description]
 * @property {string} [license]
 * @property {boolean} [private]
 * @property {{ node: string }} [engines]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 */

/**
 * The folders of packages and applications, for instance `packages/core`.
 * @param {string} [workspace] default: this one
 * @returns {string[]}
 */
export function packageFolders(workspace = root) {
	return ["packages", "apps"].flatMap((parent) =>
		readdirSync(join(workspace, parent))
			.filter((name) => existsSync(join(workspace, parent, name, "package.json")))
			.map((name) => `${parent}/${name}`),
	);
}

/**
 * The package.json of a folder, for instance of `packages/core`; of the workspace itself it is that of `.`.
 * @param {string} folder
 * @param {string} [workspace] default: this one
 * @returns {Manifest}
 */
export function manifestOf(folder, workspace = root) {
	return JSON.parse(readFileSync(join(workspace, folder, "package.json"), "utf8"));
}

/** The version of the agent, which is that of all packages of a release. */
export function agentVersion() {
	return manifestOf("apps/agent").version;
}
