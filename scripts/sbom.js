// Writes the bill of materials of a delivery as SPDX 2.3 JSON: what is in it, which version, which licence, which hash.
// Usage: node scripts/sbom.js --for npm|binary|image [--node-versions FILE] [--debian-packages FILE]
//          [--notices FILE] [--artifact FILE] --output FILE

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { root, run } from "./run.js";
import { bundledPackages, workspacePackages } from "./sbom/bundled-packages.js";
import { sbomProblems } from "./sbom/check.js";
import { debianPackages } from "./sbom/debian-packages.js";
import { agentComponent, spdxDocument } from "./sbom/document.js";
import { nodeComponents } from "./sbom/node-components.js";
import { SbomError } from "./sbom/sbom-error.js";

/** @typedef {import("./sbom/document.js").Tree} Tree */
/** @typedef {ReturnType<typeof options>} Options */

const USAGE =
	"use --for npm|binary|image [--node-versions FILE] [--debian-packages FILE] [--notices FILE] [--artifact FILE] " +
	"--output FILE";
const agentFolder = join(root, "apps", "agent");

try {
	const chosen = options();
	const document = spdxDocument(tree(chosen), {
		kind: chosen.kind,
		created: created(),
		files: chosen.kind === "npm" ? packedFiles() : [],
	});
	const problems = sbomProblems(document);
	if (problems.length > 0) throw new SbomError(`The bill of materials is wrong: ${problems.join("; ")}.`);
	mkdirSync(dirname(chosen.output), { recursive: true });
	writeFileSync(chosen.output, `${JSON.stringify(document, undefined, 2)}\n`);
	console.log(`${chosen.output}: ${document.packages.length} packages, ${document.files?.length ?? 0} files`);
} catch (error) {
	console.error(sentence(error));
	process.exitCode = 1;
}

/** @param {unknown} error */
function sentence(error) {
	if (error instanceof SbomError) return error.message;
	// Of the system's refusals, a missing folder for instance, the reader needs no stack either.
	if (error instanceof Error && "syscall" in error)
		return `Could not write the bill of materials: ${error.message}.`;
	throw error;
}

function options() {
	const string = /** @type {const} */ ({ type: "string" });
	try {
		const { values } = parseArgs({
			options: {
				for: string,
				"node-versions": string,
				"debian-packages": string,
				notices: string,
				artifact: string,
				output: string,
			},
		});
		const { for: kind, output, notices, artifact } = values;
		if (kind !== "npm" && kind !== "binary" && kind !== "image")
			throw new TypeError("Say for what the list is");
		if (output === undefined) throw new TypeError("Say where the list goes");
		const needsNode = kind !== "npm";
		if (needsNode && values["node-versions"] === undefined)
			throw new TypeError(`The ${kind} holds Node.js, so --node-versions must say which`);
		if (kind === "image" && values["debian-packages"] === undefined)
			throw new TypeError("The image holds Debian packages, so --debian-packages must say which");
		const nodeVersions = values["node-versions"] ?? "";
		return {
			kind,
			output: resolve(output),
			nodeVersions,
			debian: values["debian-packages"] ?? "",
			notices,
			artifact,
		};
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		const [problem] = error.message.split(". ");
		throw new SbomError(`${problem}; ${USAGE}.`);
	}
}

/**
 * What is in what.
 * @param {Options} chosen
 * @returns {Tree}
 */
function tree({ kind, nodeVersions, debian, notices, artifact }) {
	const { version } = JSON.parse(readFileSync(join(agentFolder, "package.json"), "utf8"));
	const listed = notices ?? join(agentFolder, "dist", "THIRD-PARTY-NOTICES.txt");
	const bundled = [...workspacePackages(), ...bundledPackages(resolve(listed))];
	const hashes = artifact === undefined ? {} : { SHA256: sha256(artifact) };
	if (kind === "npm")
		return {
			component: agentComponent({ version, purpose: "APPLICATION", hashes }),
			contains: leaves(bundled),
		};
	const { node, parts } = nodeComponents(nodeVersions);
	const binary = { version, purpose: "APPLICATION", name: "clef-agent" };
	const contains = [...leaves(bundled), { component: node, contains: leaves(parts) }];
	if (kind === "binary") return { component: agentComponent({ ...binary, hashes }), contains };
	return {
		component: agentComponent({ version, purpose: "CONTAINER", name: "clef-agent-image", hashes }),
		contains: [{ component: agentComponent(binary), contains }, ...leaves(debianPackages(debian))],
	};
}

/** @param {readonly import("./sbom/component.js").Component[]} components @returns {Tree[]} */
function leaves(components) {
	return components.map((component) => ({ component, contains: [] }));
}

/** @param {string} file */
function sha256(file) {
	return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** What the published package holds and packing leaves as it is. */
function packedFiles() {
	return ["bin", "dist"].flatMap((folder) =>
		readdirSync(join(agentFolder, folder), { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.parentPath, entry.name))
			.map((file) => ({
				path: relative(agentFolder, file).replaceAll(sep, "/"),
				bytes: readFileSync(file),
			})),
	);
}

/** The same source has the same time, whoever writes the list: SOURCE_DATE_EPOCH, or when it was committed. */
function created() {
	const { SOURCE_DATE_EPOCH } = process.env;
	const epoch = SOURCE_DATE_EPOCH ?? run("git", ["log", "-1", "--format=%ct"]).output;
	if (!/^\d{1,10}$/.test(epoch))
		throw new SbomError("Set SOURCE_DATE_EPOCH to a Unix time in seconds; git does not tell one here.");
	return new Date(Number(epoch) * 1000);
}
