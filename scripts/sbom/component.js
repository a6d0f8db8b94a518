// What all kinds of components have in common, as SPDX 2.3 wants it written.

/** One thing that a delivery holds. `hashes` are hexadecimal, by SPDX's name of the algorithm. */
/**
 * @typedef {{ id: string, name: string, version: string, license: string, purl: string, purpose: string,
 *   hashes?: Readonly<Record<string, string>>, cpe?: string }} Component
 */

/**
 * An element's identifier: SPDX takes letters, digits, dots and dashes.
 * @param {readonly string[]} parts
 */
export function elementId(...parts) {
	return `SPDXRef-${parts.map((part) => part.replace(/[^A-Za-z0-9.]+/g, "-").replace(/^-/, "")).join("-")}`;
}

/**
 * The package URL by which scanners know an npm package.
 * @param {string} name as npm knows it
 * @param {string} version
 */
export function npmPurl(name, version) {
	return `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;
}

/**
 * A component as an SPDX package, with no conclusions about its licence.
 * @param {Component} component
 * @returns {import("./document.js").SpdxPackage}
 */
export function spdxPackage({ id, name, version, license, purl, purpose, hashes = {}, cpe }) {
	const references = [
		{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl },
	];
	if (cpe !== undefined)
		references.push({ referenceCategory: "SECURITY", referenceType: "cpe23Type", referenceLocator: cpe });
	const checksums = Object.entries(hashes).map(([algorithm, checksumValue]) => ({
		algorithm,
		checksumValue,
	}));
	return {
		SPDXID: id,
		name,
		versionInfo: version,
		primaryPackagePurpose: purpose,
		downloadLocation: "NOASSERTION",
		filesAnalyzed: false,
		...(checksums.length > 0 ? { checksums } : {}),
		// Declared is what the package says of itself; nobody looked further, so nothing is concluded.
		licenseConcluded: "NOASSERTION",
		licenseDeclared: license,
		copyrightText: "NOASSERTION",
		externalRefs: references,
	};
}
