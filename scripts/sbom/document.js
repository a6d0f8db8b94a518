// Puts components together into one SPDX 2.3 document. The same components give the same bytes.

import { createHash } from "node:crypto";
import { elementId, npmPurl, spdxPackage } from "./component.js";

/** @typedef {import("./component.js").Component} Component */
/** @typedef {{ algorithm: string, checksumValue: string }} Checksum */
/** @typedef {{ referenceCategory: string, referenceType: string, referenceLocator: string }} ExternalRef */
/**
 * @typedef {{ SPDXID: string, name: string, versionInfo: string, primaryPackagePurpose: string,
 *   downloadLocation: string, filesAnalyzed: boolean, checksums?: Checksum[], licenseConcluded: string,
 *   licenseDeclared: string, copyrightText: string, externalRefs: ExternalRef[],
 *   packageVerificationCode?: { packageVerificationCodeValue: string,
 *   packageVerificationCodeExcludedFiles: string[] } }} SpdxPackage
 */
/**
 * @typedef {{ SPDXID: string, fileName: string, checksums: Checksum[], licenseConcluded: string,
 *   copyrightText: string }} SpdxFile
 */
/** @typedef {{ spdxElementId: string, relationshipType: string, relatedSpdxElement: string }} Relationship */
/**
 * @typedef {{ spdxVersion: string, dataLicense: string, SPDXID: string, name: string, documentNamespace: string,
 *   creationInfo: { created: string, creators: string[] }, packages: SpdxPackage[], files?: SpdxFile[],
 *   relationships: Relationship[] }} SpdxDocument
 */
/** What is in what, from the outside in. */
/** @typedef {{ component: Component, contains: readonly Tree[] }} Tree */
/** A file of the delivery, by its path in it. */
/** @typedef {{ path: string, bytes: Uint8Array }} DeliveredFile */

const HOME = "https://github.com/clef-sh/clef-agent";

/** Files that packing rewrites or adds, so that their hash is not known before. */
const PACKED_ALONGSIDE = ["./package.json", "./LICENSE", "./README.md"];

/**
 * The document of a delivery; with files, their verification code goes to the outermost component.
 * @param {Tree} tree
 * @param {{ kind: string, created: Date, files?: readonly DeliveredFile[] }} options
 * @returns {SpdxDocument}
 */
export function spdxDocument(tree, { kind, created, files = [] }) {
	const { component: main } = tree;
	const spdxFiles = files.map(spdxFile).sort(byId);
	const packages = [...new Map(components(tree).map((one) => [one.id, spdxPackage(one)])).values()].sort(
		byId,
	);
	const described = packages.find(({ SPDXID }) => SPDXID === main.id);
	if (described !== undefined && spdxFiles.length > 0) {
		described.filesAnalyzed = true;
		described.packageVerificationCode = verificationCode(spdxFiles);
	}
	const relationships = [
		relationship("SPDXRef-DOCUMENT", "DESCRIBES", main.id),
		...containments(tree),
		...spdxFiles.map(({ SPDXID }) => relationship(main.id, "CONTAINS", SPDXID)),
	];
	const body = { packages, ...(spdxFiles.length > 0 ? { files: spdxFiles } : {}), relationships };
	const digest = createHash("sha256").update(JSON.stringify(body)).digest("hex");
	return {
		spdxVersion: "SPDX-2.3",
		dataLicense: "CC0-1.0",
		SPDXID: "SPDXRef-DOCUMENT",
		name: `clef-agent-${main.version}-${kind}`,
		// Unique, as SPDX asks, but by content instead of by chance.
		documentNamespace: `${HOME}/spdx/${kind}/${main.version}/${digest}`,
		creationInfo: {
			created: created.toISOString().replace(/\.\d+Z$/, "Z"),
			creators: ["Organization: clef-sh", `Tool: clef-agent-sbom-${main.version}`],
		},
		...body,
	};
}

/**
 * The agent as it is delivered.
 * @param {{ version: string, purpose: string, name?: string, hashes?: Readonly<Record<string, string>> }} agent
 * @returns {Component}
 */
export function agentComponent({ version, purpose, name = "@clef-sh/agent", hashes = {} }) {
	const purl = name.startsWith("@") ? npmPurl(name, version) : `pkg:generic/${name}@${version}`;
	return { id: elementId("agent", name, version), name, version, license: "MIT", purl, purpose, hashes };
}

/** @param {Tree} tree @returns {Component[]} */
function components({ component, contains }) {
	return [component, ...contains.flatMap(components)];
}

/** @param {Tree} tree @returns {Relationship[]} */
function containments({ component, contains }) {
	return contains.flatMap((inner) => [
		relationship(component.id, "CONTAINS", inner.component.id),
		...containments(inner),
	]);
}

/**
 * @param {string} spdxElementId
 * @param {string} relationshipType
 * @param {string} relatedSpdxElement
 * @returns {Relationship}
 */
function relationship(spdxElementId, relationshipType, relatedSpdxElement) {
	return { spdxElementId, relationshipType, relatedSpdxElement };
}

/** @param {DeliveredFile} file @returns {SpdxFile} */
function spdxFile({ path, bytes }) {
	return {
		SPDXID: elementId("file", path),
		fileName: `./${path}`,
		checksums: ["SHA1", "SHA256"].map((algorithm) => ({
			algorithm,
			checksumValue: createHash(algorithm.toLowerCase()).update(bytes).digest("hex"),
		})),
		licenseConcluded: "NOASSERTION",
		copyrightText: "NOASSERTION",
	};
}

/** As clause 7.9 of SPDX 2.3 computes it. @param {readonly SpdxFile[]} files */
function verificationCode(files) {
	const sha1s = files.flatMap(({ checksums }) => checksums.filter(({ algorithm }) => algorithm === "SHA1"));
	const sorted = sha1s.map(({ checksumValue }) => checksumValue).sort();
	return {
		packageVerificationCodeValue: createHash("sha1").update(sorted.join("")).digest("hex"),
		packageVerificationCodeExcludedFiles: PACKED_ALONGSIDE,
	};
}

/** @param {{ SPDXID: string }} left @param {{ SPDXID: string }} right */
function byId(left, right) {
	return left.SPDXID < right.SPDXID ? -1 : 1;
}
