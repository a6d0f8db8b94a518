// The Debian packages that parts of the container image come from.

import { readFileSync } from "node:fs";
import { elementId } from "./component.js";
import { SbomError } from "./sbom-error.js";

/** @typedef {import("./component.js").Component} Component */

/**
 * From a file with `{ "packages": [{ name, version, architecture, sha256 }] }`, as deploy/docker/packages.json is.
 * Licences are left open: Debian states them per file, not per package.
 * @param {string} file
 * @returns {Component[]}
 */
export function debianPackages(file) {
	return readPackages(file).map(({ name, version, architecture, sha256 }) => ({
		id: elementId("deb", name, version, architecture),
		name,
		version,
		license: "NOASSERTION",
		purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
		purpose: "LIBRARY",
		hashes: { SHA256: sha256 },
	}));
}

/**
 * @param {string} file
 * @returns {{ name: string, version: string, architecture: string, sha256: string }[]}
 */
function readPackages(file) {
	const keys = ["name", "version", "architecture", "sha256"];
	try {
		const { packages } = JSON.parse(readFileSync(file, "utf8"));
		/** @param {Record<string, unknown>} one */
		const isWhole = (one) => keys.every((key) => typeof one?.[key] === "string");
		if (Array.isArray(packages) && packages.length > 0 && packages.every(isWhole)) return packages;
	} catch (error) {
		if (!(error instanceof SyntaxError) && !(error instanceof Error && "syscall" in error)) throw error;
	}
	throw new SbomError(
		`Could not read ${file}; it must hold { "packages": [{ ${keys.join(", ")} }] } with at least one package.`,
	);
}
