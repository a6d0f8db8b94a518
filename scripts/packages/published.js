// The packages of this workspace that are published, and how they are packed.

import { root, run } from "../run.js";
import { manifestOf, packageFolders } from "./manifests.js";

/** @typedef {{ name: string, version: string, dependencies: readonly string[] }} PublishedPackage */

/**
 * Every published package, those that others depend on first.
 * @returns {PublishedPackage[]}
 */
export function publishedPackages() {
	const manifests = packageFolders()
		.map((folder) => manifestOf(folder))
		.filter((manifest) => manifest.private !== true);
	const names = new Set(manifests.map(({ name }) => name));
	const packages = manifests.map(({ name, version, dependencies = {} }) => ({
		name,
		version,
		dependencies: Object.keys(dependencies).filter((dependency) => names.has(dependency)),
	}));
	return inOrder(packages);
}

/**
 * The file name that packing gives a package.
 * @param {{ name: string, version: string }} manifest
 */
export function tarballName({ name, version }) {
	return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}

/**
 * Packs packages as they would be published.
 * @param {readonly PublishedPackage[]} packages
 * @param {string} folder
 */
export function packPackages(packages, folder) {
	const filters = packages.map(({ name }) => `--filter=${name}`);
	const args = [`${root}scripts/pnpm.js`, ...filters, "pack", "--pack-destination", folder];
	return run(process.execPath, args);
}

/**
 * @param {readonly PublishedPackage[]} packages
 * @returns {PublishedPackage[]}
 */
function inOrder(packages) {
	/** @type {Map<string, PublishedPackage>} */
	const ordered = new Map();
	while (ordered.size < packages.length) {
		const next = packages.filter(
			({ name, dependencies }) => !ordered.has(name) && dependencies.every((needed) => ordered.has(needed)),
		);
		if (next.length === 0) throw new RangeError("Published packages depend on each other in a circle.");
		for (const one of next) ordered.set(one.name, one);
	}
	return [...ordered.values()];
}
