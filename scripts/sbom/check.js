// What SPDX 2.3 asks of a JSON document, and what we ask beyond: that everything in it hangs together.

import parseLicense from "spdx-expression-parse";

/** @typedef {import("./document.js").SpdxDocument} SpdxDocument */

const ID = /^SPDXRef-[A-Za-z0-9.-]+$/;
const CREATED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const CREATOR = /^(?:Person|Organization|Tool): \S/;
const PURL = /^pkg:(?:npm|deb|generic)\/[^\s@]+@[^\s@]+$/;
const CPE = /^cpe:2\.3:a(?::[^:\s]+){10}$/;
/** Digits of each algorithm's hash. */
const HEX_LENGTH = new Map([
	["SHA1", 40],
	["SHA256", 64],
	["SHA512", 128],
]);
const PURPOSES = new Set(["APPLICATION", "LIBRARY", "CONTAINER"]);
const RELATIONSHIPS = new Set(["DESCRIBES", "CONTAINS"]);

/**
 * Everything that is wrong with a document; nothing when it is in order.
 * @param {SpdxDocument} document
 * @returns {string[]}
 */
export function sbomProblems(document) {
	const elements = [...document.packages, ...(document.files ?? [])];
	return [
		...headerProblems(document),
		...repeated(["SPDXRef-DOCUMENT", ...elements.map(({ SPDXID }) => SPDXID)]),
		...elements.filter(({ SPDXID }) => !ID.test(SPDXID)).map(({ SPDXID }) => `${SPDXID} is no identifier`),
		...document.packages.flatMap(packageProblems),
		...(document.files ?? []).flatMap(fileProblems),
		...relationProblems(document),
	];
}

/** @param {SpdxDocument} document @returns {string[]} */
function headerProblems({ spdxVersion, dataLicense, SPDXID, name, documentNamespace, creationInfo }) {
	return [
		spdxVersion === "SPDX-2.3" ? "" : "spdxVersion must be SPDX-2.3",
		dataLicense === "CC0-1.0" ? "" : "dataLicense must be CC0-1.0",
		SPDXID === "SPDXRef-DOCUMENT" ? "" : "the document must be SPDXRef-DOCUMENT",
		name ? "" : "the document has no name",
		URL.canParse(documentNamespace) && !documentNamespace.includes("#")
			? ""
			: "documentNamespace must be a URI without a fragment",
		CREATED.test(creationInfo.created) ? "" : "created must be a time in UTC, to the second",
		creationInfo.creators.length > 0 && creationInfo.creators.every((creator) => CREATOR.test(creator))
			? ""
			: "creators must be persons, organizations or tools",
	].filter(Boolean);
}

/** @param {SpdxDocument["packages"][number]} one @returns {string[]} */
function packageProblems(one) {
	const problems = [
		one.name && one.versionInfo ? "" : "has no name or no version",
		one.downloadLocation ? "" : "has no downloadLocation",
		PURPOSES.has(one.primaryPackagePurpose) ? "" : `has the purpose ${one.primaryPackagePurpose}`,
		isLicense(one.licenseDeclared)
			? ""
			: `has the licence "${one.licenseDeclared}", which SPDX does not know`,
		isLicense(one.licenseConcluded) ? "" : `concludes "${one.licenseConcluded}", which SPDX does not know`,
		one.filesAnalyzed === (one.packageVerificationCode !== undefined)
			? ""
			: "must have a verification code exactly where its files were analyzed",
		one.externalRefs.filter(({ referenceType }) => referenceType === "purl").length === 1
			? ""
			: "must have one purl",
		...one.externalRefs.map(({ referenceType, referenceLocator }) =>
			(referenceType === "purl" ? PURL : CPE).test(referenceLocator)
				? ""
				: `has "${referenceLocator}" for a ${referenceType}`,
		),
		...checksumProblems(one.checksums ?? []),
	];
	return problems.filter(Boolean).map((problem) => `${one.SPDXID} ${problem}`);
}

/** @param {NonNullable<SpdxDocument["files"]>[number]} file @returns {string[]} */
function fileProblems({ SPDXID, fileName, checksums }) {
	const problems = [
		fileName.startsWith("./") ? "" : "must have a path that begins with ./",
		// Clause 8.4: of the hashes of a file, SHA1 is the one that must be there.
		checksums.some(({ algorithm }) => algorithm === "SHA1") ? "" : "has no SHA1",
		...checksumProblems(checksums),
	];
	return problems.filter(Boolean).map((problem) => `${SPDXID} ${problem}`);
}

/** @param {readonly import("./document.js").Checksum[]} checksums */
function checksumProblems(checksums) {
	return checksums.map(({ algorithm, checksumValue }) =>
		/^[0-9a-f]+$/.test(checksumValue) && checksumValue.length === HEX_LENGTH.get(algorithm)
			? ""
			: `has "${checksumValue}" for a ${algorithm}`,
	);
}

/**
 * One thing is described, and everything else is inside it.
 * @param {SpdxDocument} document
 * @returns {string[]}
 */
function relationProblems({ packages, files = [], relationships }) {
	const known = new Set(["SPDXRef-DOCUMENT", ...[...packages, ...files].map(({ SPDXID }) => SPDXID)]);
	const reached = new Set(["SPDXRef-DOCUMENT"]);
	for (const id of reached)
		for (const { spdxElementId, relatedSpdxElement } of relationships)
			if (spdxElementId === id) reached.add(relatedSpdxElement);
	const ends = relationships.flatMap(({ spdxElementId, relatedSpdxElement }) => [
		spdxElementId,
		relatedSpdxElement,
	]);
	return [
		...relationships
			.filter(({ relationshipType }) => !RELATIONSHIPS.has(relationshipType))
			.map(({ relationshipType }) => `${relationshipType} is no relationship that is used here`),
		...[...new Set(ends)].filter((id) => !known.has(id)).map((id) => `${id} is in a relationship only`),
		...[...known].filter((id) => !reached.has(id)).map((id) => `${id} is part of nothing`),
		...repeated(relationships.map((relationship) => Object.values(relationship).join(" "))),
		relationships.filter(({ relationshipType }) => relationshipType === "DESCRIBES").length === 1
			? ""
			: "exactly one thing must be described",
	].filter(Boolean);
}

/** @param {readonly string[]} values */
function repeated(values) {
	const unique = new Set(values);
	return [...unique]
		.filter((value) => values.indexOf(value) !== values.lastIndexOf(value))
		.map((value) => `${value} is there twice`);
}

/** @param {string} expression */
function isLicense(expression) {
	if (expression === "NOASSERTION") return true;
	try {
		parseLicense(expression);
		return true;
	} catch (error) {
		// The parser's way to say no.
		if (error instanceof Error) return false;
		throw error;
	}
}
