// Puts the agent into a Node.js executable.

import { spawnSync } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { nodePackage } from "../node-package.js";
import { root } from "../run.js";
import { structuralProblem } from "./structure.js";
import { HOST, NODE_VERSION, TARGETS } from "./targets.js";

/** @typedef {import("./targets.js").Target} Target */

/** Why there is no binary: one sentence for whoever called. */
export class BinaryError extends Error {}

/**
 * Builds the binary for one target and returns its bytes, and what is not as it is in a release.
 * @param {string} name
 * @returns {{ bytes: Buffer, notes: string[] }}
 */
export function buildBinary(name) {
	const bundle = join(root, "apps", "agent", "standalone", "clef-agent.cjs");
	if (!existsSync(bundle)) throw new BinaryError("The agent is not built; run `npm run build` first.");
	const target = targetNamed(name);
	const cache = join(root, "node_modules", ".cache");
	mkdirSync(cache, { recursive: true });
	const folder = mkdtempSync(join(cache, "clef-binary-"));
	try {
		copyFileSync(bundle, join(folder, "clef-agent.cjs"));
		const node = unpackedNode(target.package, join(folder, "target"));
		const builder = builderFor(name, target, node, folder);
		// Before the agent is put in: afterwards it would go with the symbols.
		const notes = [...stripped(name, target, node), ...(builder.codeCache ? [] : [withoutCodeCache(name)])];
		return { bytes: assembled(name, node, builder, folder), notes };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The licenses of everything in the binaries. @returns {string} */
export function licenses() {
	const own = readFileSync(join(root, "LICENSE"), "utf8");
	const bundled = join(root, "apps", "agent", "standalone", "THIRD-PARTY-NOTICES.txt");
	const tarball = tarballOf(targetNamed("linux-x64").package);
	const node = tar(["-xzOf", tarball, "package/LICENSE"]);
	return [own, readFileSync(bundled, "utf8"), `Node.js ${NODE_VERSION}\n\n${node}`].join("\n");
}

/** @param {string} name @returns {Target} */
function targetNamed(name) {
	const target = TARGETS[name];
	if (target === undefined)
		throw new BinaryError(`There is no binary for ${name}; there is ${Object.keys(TARGETS).join(", ")}.`);
	return target;
}

/** @param {string} platform */
function tarballOf(platform) {
	const tarball = nodePackage(platform, NODE_VERSION);
	if ("problem" in tarball) throw new BinaryError(tarball.problem);
	return tarball.file;
}

/**
 * Unpacks Node.js for a platform and returns the executable's path.
 * @param {string} platform
 * @param {string} folder
 */
function unpackedNode(platform, folder) {
	mkdirSync(folder, { recursive: true });
	tar(["-xzf", tarballOf(platform), "-C", folder, "package/bin/node"]);
	return join(folder, "package", "bin", "node");
}

/** @param {string[]} args */
function tar(args) {
	const { status, stdout } = spawnSync("tar", args, { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 });
	if (status !== 0) throw new BinaryError(`Could not read ${args[1]}; is tar installed?`);
	return stdout;
}

/**
 * What assembles: the target's own Node.js where it runs here, or is emulated, because the compiled code it adds
 * suits no other; else this machine's.
 * @param {string} name
 * @param {Target} target
 * @param {string} node
 * @param {string} folder
 * @returns {{ command: string[], codeCache: boolean }}
 */
function builderFor(name, target, node, folder) {
	const { program = "", libraries = "" } = target.emulator ?? {};
	const unstripped = join(folder, "builder");
	copyFileSync(node, unstripped);
	if (name === HOST) return { command: [unstripped], codeCache: true };
	if (existsSync(libraries) && spawnSync(program, ["--version"]).status === 0)
		return { command: [program, "-L", libraries, unstripped], codeCache: true };
	const host = targetNamed(HOST);
	return { command: [unpackedNode(host.package, join(folder, "host"))], codeCache: false };
}

/** @param {string} name */
function withoutCodeCache(name) {
	const program = TARGETS[name]?.emulator?.program;
	const remedy = program === undefined ? `build it on ${name}` : `install ${program} or build it on ${name}`;
	return `without compiled code, so that it starts slower; ${remedy}`;
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
	const program = strips.find((strip) => spawnSync(strip, ["--version"]).status === 0);
	if (program === undefined) return [`with Node's symbols, so that it is larger; install ${strips[0]}`];
	const { status, stderr } = spawnSync(program, [node], { encoding: "utf8" });
	if (status !== 0)
		throw new BinaryError(`${program} could not strip Node.js for ${name}: ${stderr.trim()}.`);
	return [];
}

/**
 * @param {string} name
 * @param {string} node
 * @param {{ command: string[], codeCache: boolean }} builder
 * @param {string} folder
 */
function assembled(name, node, { command: [program = "", ...args], codeCache }, folder) {
	const config = {
		// Relative, because the name is written into the binary and the folder is another in each build.
		main: "clef-agent.cjs",
		executable: node,
		output: "clef-agent",
		disableExperimentalSEAWarning: true,
		useCodeCache: codeCache,
		execArgv: ["--disable-sigusr1"],
		// NODE_OPTIONS could else load code into the process that holds the secrets.
		execArgvExtension: "none",
	};
	writeFileSync(join(folder, "config.json"), JSON.stringify(config));
	const { status, stdout, stderr } = spawnSync(program, [...args, "--build-sea", "config.json"], {
		cwd: folder,
		encoding: "utf8",
		env: {},
	});
	const output = join(folder, "clef-agent");
	if (status !== 0 || !existsSync(output))
		throw new BinaryError(`Node.js could not build the binary for ${name}: ${`${stdout}${stderr}`.trim()}`);
	const bytes = readFileSync(output);
	const problem = structuralProblem(name, bytes);
	if (problem !== undefined) throw new BinaryError(`The binary for ${name} is not usable: ${problem}.`);
	return bytes;
}
