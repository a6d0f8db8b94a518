// Writes the bill of materials of a delivery as SPDX 2.3 JSON: what is in it, which version, which licence, which hash.
// Usage: node scripts/sbom.js --for npm|binary|image [--node-versions FILE] [--debian-packages FILE]
//          [--notices FILE] [--artifact FILE] --output FILE

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { filesBelow, sha256 } from "./files.js";
import { agentVersion } from "./packages/manifests.js";
import { attempt, chosen, Refusal } from "./refusal.js";
import { root, run } from "./run.js";
import { bundledPackages, workspacePackages } from "./sbom/bundled-packages.js";
import { sbomProblems } from "./sbom/check.js";
import { debianPackages } from "./sbom/debian-packages.js";
import { agentComponent, spdxDocument } from "./sbom/document.js";
import { nodeComponents } from "./sbom/node-components.js";

/** @typedef {import("./sbom/document.js").Tree} Tree */
/** @typedef {ReturnType<typeof options>} Options */

const USAGE =
	"--for npm|binary|image [--node-versions FILE] [--debian-packages FILE] [--notices FILE] [--artifact FILE] " +
	"--output FILE";
const agentFolder = join(root, "apps", "agent");

attempt("write the bill of materials", () => {
	const asked = options();
	const document = spdxDocument(tree(asked), {
		kind: asked.kind,
		created: created(),
		files: asked.kind === "npm" ? packedFiles() : [],
	});
	const problems = sbomProblems(document);
	if (problems.length > 0) throw new Refusal(`The bill of materials is wrong: ${problems.join("; ")}.`);
	mkdirSync(dirname(asked.output), { recursive: true });
	writeFileSync(asked.output, `${JSON.stringify(document, undefined, 2)}\n`);
	console.log(`${asked.output}: ${document.packages.length} packages, ${document.files?.length ?? 0} files`);
});

function options() {
	const string = /** @type {const} */ ({ type: "string" });
	return chosen(USAGE, () => {
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
	});
}

/**
 * What is in what.
 * @param {Options} asked
 * @returns {Tree}
 */
function tree({ kind, nodeVersions, debian, notices, artifact }) {
	const version = agentVersion();
	const listed = notices ?? join(agentFolder, "dist", "THIRD-PARTY-NOTICES.txt");
	const bundled = [...workspacePackages(), ...bundledPackages(resolve(listed))];
	const hashes = artifact === undefined ? {} : { SHA256: sha256(readFileSync(artifact)) };
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

/** What the published package holds and packing leaves as it is. */
function packedFiles() {
	return ["bin", "dist"].flatMap((folder) =>
		filesBelow(join(agentFolder, folder))
			.map((file) => `${folder}/${file}`)
			.map((path) => ({ path, bytes: readFileSync(join(agentFolder, path)) })),
	);
}

/** The same source has the same time, whoever writes the list: SOURCE_DATE_EPOCH, or when it was committed. */
function created() {
	const { SOURCE_DATE_EPOCH } = process.env;
	const epoch = SOURCE_DATE_EPOCH ?? run("git", ["log", "-1", "--format=%ct"]).output;
	if (!/^\d{1,10}$/.test(epoch))
		throw new Refusal("Set SOURCE_DATE_EPOCH to a Unix time in seconds; git does not tell one here.");
	return new Date(Number(epoch) * 1000);
}
