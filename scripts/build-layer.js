// Builds the AWS Lambda layers: the agent as an extension, as a binary for each architecture, and without Node.js.
// Usage: node scripts/build-layer.js [--output DIR] [--only x64|arm64|nodejs]   (default: all of them, to dist/layer)

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildBinary, licenses } from "./binary/build.js";
import { filesBelow, writeWithHash } from "./files.js";
import { MB, UNZIPPED_LIMIT_MB, unzippedSize, ZIPPED_LIMIT_MB, zipped } from "./layer/archive.js";
import { manifestOf } from "./packages/manifests.js";
import { attempt, chosen, Refusal } from "./refusal.js";
import { root } from "./run.js";

/** @typedef {import("./layer/archive.js").LayerFile} LayerFile */

/**
 * The layers and the binary in each. First the one that needs nothing from the registry.
 * @type {Readonly<Record<string, string | undefined>>}
 */
const LAYERS = { nodejs: undefined, x64: "linux-x64", arm64: "linux-arm64" };

const dist = join(root, "apps", "agent", "dist");

attempt("build the layers", () => {
	const { output, names } = options();
	mkdirSync(output, { recursive: true });
	requireBuilt();
	for (const name of names) build(name, output);
});

function options() {
	const names = Object.keys(LAYERS);
	return chosen(`[--output DIR] [--only ${names.join("|")}]`, () => {
		const { output, only } = parseArgs({
			options: { output: { type: "string" }, only: { type: "string" } },
		}).values;
		if (only !== undefined && !names.includes(only)) throw new TypeError(`There is no layer "${only}"`);
		return { output: resolve(output ?? join(root, "dist", "layer")), names: only ? [only] : names };
	});
}

/**
 * Builds one layer and says how large it is.
 * @param {string} name
 * @param {string} output
 */
function build(name, output) {
	const file = `clef-agent-lambda-${name}.zip`;
	const path = join(output, file);
	// Gone first: after a failure nothing earlier is left that could be taken for this build.
	for (const stale of [path, `${path}.sha256`]) rmSync(stale, { force: true });
	const target = LAYERS[name];
	const { agent, notes } = target === undefined ? bundledAgent() : binaryAgent(target);
	const files = new Map([...commonFiles(), ...agent]);
	const unzipped = unzippedSize(files) / MB;
	if (unzipped > UNZIPPED_LIMIT_MB)
		throw new Refusal(`${file} would be ${unzipped.toFixed(1)} MB unzipped; ${limits()}`);
	const zip = zipped(files);
	const size = zip.length / MB;
	if (size > ZIPPED_LIMIT_MB) throw new Refusal(`${file} would be ${size.toFixed(1)} MB; ${limits()}`);
	writeWithHash(path, zip);
	const share = ((unzipped / UNZIPPED_LIMIT_MB) * 100).toFixed(1);
	console.log(
		`${file.padEnd(28)} ${size.toFixed(1).padStart(5)} MB zipped ${unzipped.toFixed(1).padStart(6)} MB unzipped` +
			` ${share.padStart(5)} % of Lambda's ${UNZIPPED_LIMIT_MB} MB`,
	);
	for (const note of notes) console.log(`  ${note}`);
}

function limits() {
	return `Lambda takes ${ZIPPED_LIMIT_MB} MB zipped and ${UNZIPPED_LIMIT_MB} MB unzipped, so leave something out.`;
}

/** What all layers hold. @returns {[path: string, file: LayerFile][]} */
function commonFiles() {
	const launcher = readFileSync(join(root, "deploy", "lambda", "launcher.sh"));
	return [
		["extensions/clef-agent", { bytes: launcher, executable: true }],
		["clef-agent/LICENSE", { bytes: readFileSync(join(root, "LICENSE")) }],
	];
}

function requireBuilt() {
	if (!existsSync(join(dist, "clef-agent.js")))
		throw new Refusal("The agent is not built; run `npm run build:layer`, which builds it first.");
}

/** The agent for the function's own Node.js. @returns {{ agent: [path: string, file: LayerFile][], notes: string[] }} */
function bundledAgent() {
	const { name, version } = manifestOf("apps/agent");
	// Without it Node.js would have to guess that the .js files are modules.
	const text = `${JSON.stringify({ name, version, type: "module" }, undefined, 2)}\n`;
	return {
		agent: [
			...filesBelow(dist).map((path) =>
				entry(`clef-agent/dist/${path}`, { bytes: readFileSync(join(dist, path)) }),
			),
			entry("clef-agent/package.json", { bytes: Buffer.from(text) }),
		],
		notes: [],
	};
}

/** The agent that brings its Node.js. @param {string} target @returns {ReturnType<typeof bundledAgent>} */
function binaryAgent(target) {
	const { bytes, notes } = buildBinary(target);
	const agent = [
		entry("clef-agent/clef-agent", { bytes, executable: true }),
		entry("clef-agent/LICENSES.txt", { bytes: Buffer.from(licenses(target)) }),
	];
	return { agent, notes };
}

/** @param {string} path @param {LayerFile} file @returns {[path: string, file: LayerFile]} */
function entry(path, file) {
	return [path, file];
}
