// Builds the standalone binaries: the agent and Node.js in one executable file, for each platform.
// Usage: node scripts/build-binary.js [--output DIR] [--only TARGET]   (default: all of them, to dist/binary)

import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BinaryError } from "./binary/binary-error.js";
import { buildBinary, licenses } from "./binary/build.js";
import { TARGETS } from "./binary/targets.js";
import { root } from "./run.js";

const MB = 1024 * 1024;

try {
	const { output, names } = options();
	mkdirSync(output, { recursive: true });
	for (const name of names) build(name, output);
} catch (error) {
	console.error(sentence(error));
	process.exitCode = 1;
}

/** @param {unknown} error */
function sentence(error) {
	if (error instanceof BinaryError) return error.message;
	// Of the system's refusals, a full disk for instance, the reader needs no stack either.
	if (error instanceof Error && "syscall" in error) return `Could not build the binaries: ${error.message}.`;
	throw error;
}

function options() {
	const names = Object.keys(TARGETS);
	try {
		const { output, only } = parseArgs({
			options: { output: { type: "string" }, only: { type: "string" } },
		}).values;
		if (only !== undefined && !names.includes(only)) throw new TypeError(`There is no binary "${only}"`);
		return { output: resolve(output ?? join(root, "dist", "binary")), names: only ? [only] : names };
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		const [problem] = error.message.split(". ");
		throw new BinaryError(`${problem}; use [--output DIR] [--only ${names.join("|")}].`);
	}
}

/**
 * Builds one binary and says how large it is.
 * @param {string} name
 * @param {string} output
 */
function build(name, output) {
	const file = `clef-agent-${name}`;
	const path = join(output, file);
	// Gone first: after a failure nothing earlier is left that could be taken for this build.
	for (const stale of [path, `${path}.sha256`, `${path}.LICENSES.txt`]) rmSync(stale, { force: true });
	const { bytes, notes } = buildBinary(name);
	writeFileSync(path, bytes, { mode: 0o755 });
	// As sha256sum prints it, so that `sha256sum -c` checks it.
	writeFileSync(`${path}.sha256`, `${createHash("sha256").update(bytes).digest("hex")}  ${file}\n`);
	writeFileSync(`${path}.LICENSES.txt`, licenses(name));
	const size = (bytes.length / MB).toFixed(1).padStart(6);
	console.log(`${file.padEnd(24)} ${size} MB  Node.js ${TARGETS[name]?.node}`);
	for (const note of notes) console.log(`  ${note}`);
}
