// Builds the standalone binaries: the agent and Node.js in one executable file, for each platform.
// Usage: node scripts/build-binary.js [--output DIR] [--only TARGET]   (default: all of them, to dist/binary)

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildBinary, licenses } from "./binary/build.js";
import { TARGETS } from "./binary/targets.js";
import { writeWithHash } from "./files.js";
import { attempt, chosen } from "./refusal.js";
import { root } from "./run.js";

const MB = 1024 * 1024;

attempt("build the binaries", () => {
	const { output, names } = options();
	mkdirSync(output, { recursive: true });
	for (const name of names) build(name, output);
});

function options() {
	const names = Object.keys(TARGETS);
	return chosen(`[--output DIR] [--only ${names.join("|")}]`, () => {
		const { output, only } = parseArgs({
			options: { output: { type: "string" }, only: { type: "string" } },
		}).values;
		if (only !== undefined && !names.includes(only)) throw new TypeError(`There is no binary "${only}"`);
		return { output: resolve(output ?? join(root, "dist", "binary")), names: only ? [only] : names };
	});
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
	writeWithHash(path, bytes, { mode: 0o755 });
	writeFileSync(`${path}.LICENSES.txt`, licenses(name));
	const size = (bytes.length / MB).toFixed(1).padStart(6);
	console.log(`${file.padEnd(24)} ${size} MB  Node.js ${TARGETS[name]?.node}`);
	for (const note of notes) console.log(`  ${note}`);
}
