// Puts the agent into a Node.js executable.

import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Refusal } from "../refusal.js";
import { root, run, tool } from "../run.js";
import { builderFor, nodeLicense, unpackedNode } from "./node-executable.js";
import { FUSE, RESOURCE, structuralProblem } from "./structure.js";
import { TARGETS } from "./targets.js";

/** @typedef {import("./node-executable.js").Builder} Builder */
/** @typedef {import("./targets.js").Target} Target */

const standalone = join(root, "apps", "agent", "standalone");
/** The file that a binary starts with; it loads the others. */
const LOADER = "binary-loader.cjs";

/**
 * Builds the binary for one target and returns its bytes, and what is not as it is in a release.
 * @param {string} name
 * @returns {{ bytes: Buffer, notes: string[] }}
 */
export function buildBinary(name) {
	const target = targetNamed(name);
	if (!existsSync(join(standalone, LOADER)))
		throw new Refusal("The agent is not built; run `npm run build` first.");
	const cache = join(root, "node_modules", ".cache");
	mkdirSync(cache, { recursive: true });
	const folder = mkdtempSync(join(cache, "clef-binary-"));
	try {
		const node = unpackedNode(target.package, target.node, join(folder, "target"));
		const builder = builderFor(name, target, node, folder);
		// Before the agent is put in: it would go with the symbols.
		const notes = [...stripped(name, target, node), ...notCompiled(name, target, builder)];
		const file = target.injectsItself
			? prepared(name, builder, folder, { flag: "--build-sea", executable: node })
			: injected(name, node, prepared(name, builder, folder, { flag: "--experimental-sea-config" }));
		return { bytes: checked(name, file), notes };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * The licenses of everything in a binary.
 * @param {string} name
 */
export function licenses(name) {
	const target = targetNamed(name);
	const own = readFileSync(join(root, "LICENSE"), "utf8");
	const bundled = readFileSync(join(root, "apps", "agent", "dist", "THIRD-PARTY-NOTICES.txt"), "utf8");
	return [own, bundled, `Node.js ${target.node}\n\n${nodeLicense(target)}`].join("\n");
}

/** @param {string} name @returns {Target} */
function targetNamed(name) {
	const target = TARGETS[name];
	if (target === undefined)
		throw new Refusal(`There is no binary for ${name}; there is ${Object.keys(TARGETS).join(", ")}.`);
	return target;
}

/**
 * Takes out the debug symbols, where a program is there that can; else a note says that it is not done.
 * @param {string} name
 * @param {Target} target
 * @param {string} node
 * @returns {string[]}
 */
function stripped(name, { strips }, node) {
	if (strips.length === 0) return [];
	const program = strips.find((strip) => run(strip, ["--version"]).ok);
	if (program === undefined) return [`with Node's symbols, so that it is larger; install ${strips[0]}`];
	const { ok, output } = run(program, [node]);
	if (!ok) throw new Refusal(`${program} could not strip Node.js for ${name}: ${output}.`);
	return [];
}

/** @param {string} name @param {Target} target @param {Builder} builder @returns {string[]} */
function notCompiled(name, { emulator }, { compiles }) {
	if (compiles) return [];
	const remedy = emulator === undefined ? "" : `install ${emulator.program} or `;
	return [`without compiled code, so that it starts slower; ${remedy}build it on ${name}`];
}

/**
 * Has Node.js make what is put in, or all of the binary; returns the path.
 * @param {string} name
 * @param {Builder} builder
 * @param {string} folder
 * @param {{ flag: string, executable?: string }} how
 */
function prepared(name, builder, folder, { flag, executable }) {
	copyFileSync(join(standalone, LOADER), join(folder, LOADER));
	const compile = ["--hash-seed=1", join(root, "scripts", "binary", "compile-chunks.cjs")];
	called(
		name,
		builder,
		[...compile, join(standalone, "chunks"), "chunks", builder.compiles ? "compile" : "leave"],
		folder,
	);
	const chunks = readdirSync(join(folder, "chunks")).sort();
	const config = {
		// Relative, because the name is written into the binary and the folder is another in each build.
		main: LOADER,
		output: "prepared",
		executable,
		assets: Object.fromEntries(chunks.map((chunk) => [chunk, join("chunks", chunk)])),
		disableExperimentalSEAWarning: true,
		execArgv: [
			// Without this flag SIGUSR1 opens Node's inspector, which reads any memory.
			"--disable-sigusr1",
			// What answers leave behind dies young; room for more of it is memory that a sidecar never gives back.
			"--max-semi-space-size=2",
		],
		// NODE_OPTIONS could else load code into the process that holds the secrets.
		execArgvExtension: "none",
	};
	writeFileSync(join(folder, "config.json"), JSON.stringify(config));
	called(name, builder, [flag, "config.json"], folder);
	return join(folder, "prepared");
}

/** @param {string} name @param {Builder} builder @param {string[]} args @param {string} cwd */
function called(name, { command: [program = "", ...before] }, args, cwd) {
	const { ok, output } = run(program, [...before, ...args], { cwd, env: {} });
	if (!ok) throw new Refusal(`Node.js could not prepare the binary for ${name}: ${output}`);
}

/** @param {string} name @param {string} node @param {string} resource */
function injected(name, node, resource) {
	const { ok, output } = tool("postject", [node, RESOURCE, resource, "--sentinel-fuse", FUSE]);
	if (!ok) throw new Refusal(`postject could not put the agent into Node.js for ${name}: ${output}`);
	return node;
}

/** @param {string} name @param {string} file */
function checked(name, file) {
	const bytes = readFileSync(file);
	const problem = structuralProblem(name, bytes);
	if (problem !== undefined) throw new Refusal(`The binary for ${name} is not usable: ${problem}.`);
	return bytes;
}
