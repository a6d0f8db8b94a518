// Builds the AWS Lambda layers: the agent as an extension, as a binary for each architecture, and without Node.js.
// Usage: node scripts/build-layer.js [--output DIR] [--only x64|arm64|nodejs]   (default: all of them, to dist/layer)

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { BinaryError } from "./binary/binary-error.js";
import { buildBinary, licenses } from "./binary/build.js";
import { MB, UNZIPPED_LIMIT_MB, unzippedSize, ZIPPED_LIMIT_MB, zipped } from "./layer/archive.js";
import { root } from "./run.js";

/** @typedef {import("./layer/archive.js").LayerFile} LayerFile */

/**
 * The layers and the binary in each. First the one that needs nothing from the registry.
 * @type {Readonly<Record<string, string | undefined>>}
 */
const LAYERS = { nodejs: undefined, x64: "linux-x64", arm64: "linux-arm64" };

const dist = join(root, "apps", "agent", "dist");

/** Why there is no layer: one sentence for whoever called. */
class LayerError extends Error {}

try {
	const { output, names } = options();
	mkdirSync(output, { recursive: true });
	requireBuilt();
	for (const name of names) build(name, output);
} catch (error) {
	console.error(sentence(error));
	process.exitCode = 1;
}

/** @param {unknown} error */
function sentence(error) {
	if (error instanceof LayerError || error instanceof BinaryError) return error.message;
	// Of the system's refusals, a full disk for instance, the reader needs no stack either.
	if (error instanceof Error && "syscall" in error) return `Could not build the layers: ${error.message}.`;
	throw error;
}

function options() {
	const names = Object.keys(LAYERS);
	try {
		const { output, only } = parseArgs({
			options: { output: { type: "string" }, only: { type: "string" } },
		}).values;
		if (only !== undefined && !names.includes(only)) throw new TypeError(`There is no layer "${only}"`);
		return { output: resolve(output ?? join(root, "dist", "layer")), names: only ? [only] : names };
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		const [problem] = error.message.split(". ");
		throw new LayerError(`${problem}; use [--output DIR] [--only ${names.join("|")}].`);
	}
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
		throw new LayerError(`${file} would be ${unzipped.toFixed(1)} MB unzipped; ${limits()}`);
	const zip = zipped(files);
	const size = zip.length / MB;
	if (size > ZIPPED_LIMIT_MB) throw new LayerError(`${file} would be ${size.toFixed(1)} MB; ${limits()}`);
	writeFileSync(path, zip);
	// As sha256sum prints it, so that `sha256sum -c` checks it.
	writeFileSync(`${path}.sha256`, `${createHash("sha256").update(zip).digest("hex")}  ${file}\n`);
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
		throw new LayerError("The agent is not built; run `npm run build:layer`, which builds it first.");
}

/** The agent for the function's own Node.js. @returns {{ agent: [path: string, file: LayerFile][], notes: string[] }} */
function bundledAgent() {
	const manifest = JSON.parse(readFileSync(join(root, "apps", "agent", "package.json"), "utf8"));
	const { name, version } = manifest;
	// Without it Node.js would have to guess that the .js files are modules.
	const text = `${JSON.stringify({ name, version, type: "module" }, undefined, 2)}\n`;
	return {
		agent: [
			...builtFiles().map(([path, bytes]) => entry(`clef-agent/dist/${path}`, { bytes })),
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

/** @returns {[path: string, bytes: Uint8Array][]} */
function builtFiles() {
	return readdirSync(dist, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name))
		.map((path) => [relative(dist, path).replaceAll(sep, "/"), readFileSync(path)]);
}
