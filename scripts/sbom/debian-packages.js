// The Debian packages that parts of the container image come from.

import { readFileSync } from "node:fs";
import { Refusal } from "../refusal.js";
import { elementId } from "./component.js";

/** @typedef {import("./component.js").Component} Component */

/** @typedef {{ name: string, version: string, architecture: string, sha256?: string }} DebianPackage */

const NAME = /^[a-z0-9][a-z0-9.+-]+$/;
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * From a file with one `name version architecture` on each line, as an image's build writes it; or from one with
 * `{ "packages": [{ name, version, architecture, sha256 }] }`, as deploy/docker/packages.json is.
 * Licences are left open: Debian states them per file, not per package.
 * @param {string} file
 * @returns {Component[]}
 */
export function debianPackages(file) {
	const packages = readPackages(file);
	if (packages.length === 0 || !packages.every(isWhole))
		throw new Refusal(
			`Could not read ${file}; each line must be "name version architecture" of a package, and there must be one.`,
		);
	return packages.map(({ name, version, architecture, sha256 }) => ({
		id: elementId("deb", name, version, architecture),
		name,
		version,
		license: "NOASSERTION",
		purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
		purpose: "LIBRARY",
		...(sha256 === undefined ? {} : { hashes: { SHA256: sha256 } }),
	}));
}

/**
 * @param {string} file
 * @returns {DebianPackage[]}
 */
function readPackages(file) {
	try {
		const text = readFileSync(file, "utf8");
		if (text.startsWith("{")) return Object(JSON.parse(text)).packages ?? [];
		return text
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => {
				const [name = "", version = "", architecture = "", ...rest] = line.split(" ");
				return { name, version, architecture: rest.length > 0 ? "" : architecture };
			});
	} catch (error) {
		if (error instanceof SyntaxError || (error instanceof Error && "syscall" in error)) return [];
		throw error;
	}
}

/** @param {DebianPackage} one */
function isWhole(one) {
	const { name = "", version = "", architecture = "", sha256 } = Object(one);
	const hasHash = sha256 === undefined || SHA256.test(sha256);
	return NAME.test(name) && /^\S+$/.test(version) && /^[a-z0-9]+$/.test(architecture) && hasHash;
}
