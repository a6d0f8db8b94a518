// Which packages are inside the built command. The build writes the notices from the list of modules that are
// really in the bundle, so what the bundler left out is not in here either.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { manifestOf, packageFolders } from "../packages/manifests.js";
import { Refusal } from "../refusal.js";
import { root } from "../run.js";
import { elementId, npmPurl } from "./component.js";

/** @typedef {import("./component.js").Component} Component */

/** How a package's entry begins in the notices: `name 1.2.3 (MIT)`. */
const ENTRY = /^((?:@[\w.-]+\/)?[\w.-]+) (\d+\.\d+\.\d+[\w.+-]*) \((.+)\)$/;

/**
 * The third-party packages in a built command.
 * @param {string} notices the build's THIRD-PARTY-NOTICES.txt
 * @returns {Component[]}
 */
export function bundledPackages(notices) {
	if (!existsSync(notices))
		throw new Refusal(`There is no ${notices}; build first, and the build writes it.`);
	const integrity = lockedIntegrity();
	const entries = readFileSync(notices, "utf8")
		.split("\n")
		.map((line) => ENTRY.exec(line))
		.filter((entry) => entry !== null);
	if (entries.length === 0) throw new Refusal(`${notices} names no package; build again.`);
	return entries.map(([, name = "", version = "", license = ""]) => {
		const sha512 = integrity.get(`${name}@${version}`);
		if (sha512 === undefined)
			throw new Refusal(`${notices} names ${name} ${version}, which is not in pnpm-lock.yaml; build again.`);
		return npmComponent(name, version, license, { SHA512: sha512 });
	});
}

/**
 * The packages of this workspace that the command is bundled from.
 * @returns {Component[]}
 */
export function workspacePackages() {
	const published = new Map(
		packageFolders()
			.map((folder) => manifestOf(folder))
			.filter((manifest) => manifest.private !== true)
			.map((manifest) => [manifest.name, manifest]),
	);
	/** @param {Readonly<Record<string, string>>} [dependencies] */
	const ours = (dependencies = {}) => Object.keys(dependencies).flatMap((name) => published.get(name) ?? []);
	// The command itself is bundled and so has nothing but development dependencies.
	const reached = new Set(ours(manifestOf("apps/agent").devDependencies));
	for (const one of reached) for (const next of ours(one.dependencies)) reached.add(next);
	return [...reached]
		.toSorted((one, other) => (one.name < other.name ? -1 : 1))
		.map(({ name, version, license = "NOASSERTION" }) => npmComponent(name, version, license));
}

/**
 * @param {string} name
 * @param {string} version
 * @param {string} license
 * @param {Readonly<Record<string, string>>} [hashes]
 * @returns {Component}
 */
function npmComponent(name, version, license, hashes) {
	return {
		id: elementId("npm", name, version),
		name,
		version,
		license,
		purl: npmPurl(name, version),
		purpose: "LIBRARY",
		...(hashes === undefined ? {} : { hashes }),
	};
}

/**
 * The hash of each package's tarball, hexadecimal, from the lockfile that everything is installed from.
 * @returns {ReadonlyMap<string, string>}
 */
function lockedIntegrity() {
	/** @type {{ packages: Record<string, { resolution: { integrity?: string } }> }} */
	const { packages } = parse(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"));
	return new Map(
		Object.entries(packages).flatMap(([spec, { resolution }]) => {
			const base64 = /^sha512-(.+)$/.exec(resolution.integrity ?? "")?.[1];
			return base64 === undefined ? [] : [[spec, Buffer.from(base64, "base64").toString("hex")]];
		}),
	);
}
