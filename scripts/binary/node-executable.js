// The Node.js executables that binaries are made of and made with.

import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { nodePackage } from "../node-package.js";
import { Refusal } from "../refusal.js";
import { run } from "../run.js";
import { HOST, TARGETS } from "./targets.js";

/** @typedef {import("./targets.js").Target} Target */

/**
 * How a Node.js is called that prepares the agent for a target.
 * @typedef {object} Builder
 * @property {readonly string[]} command
 * @property {boolean} compiles whether it also compiles: what one platform's Node.js has compiled suits no other
 */

/**
 * Unpacks Node.js into a folder and returns the executable's path.
 * @param {string} platform
 * @param {string} version
 * @param {string} folder
 */
export function unpackedNode(platform, version, folder) {
	mkdirSync(folder, { recursive: true });
	tar(["-xzf", tarballOf(platform, version), "-C", folder, "package/bin/node"]);
	return join(folder, "package", "bin", "node");
}

/**
 * The license of a Node.js and what it bundles.
 * @param {Target} target
 */
export function nodeLicense(target) {
	return tar(["-xzOf", tarballOf(target.package, target.node), "package/LICENSE"]);
}

/**
 * The target's own Node.js where it runs here or is emulated, else this machine's of the same version.
 * @param {string} name
 * @param {Target} target
 * @param {string} node the target's executable, whole
 * @param {string} folder
 * @returns {Builder}
 */
export function builderFor(name, target, node, folder) {
	const { program = "", libraries = "" } = target.emulator ?? {};
	const whole = join(folder, "builder");
	copyFileSync(node, whole);
	if (name === HOST) return { command: [whole], compiles: true };
	if (existsSync(libraries) && run(program, ["--version"]).ok)
		return { command: [program, "-L", libraries, whole], compiles: true };
	const host = TARGETS[HOST];
	if (host === undefined || (name.startsWith("linux") && !HOST.startsWith("linux")))
		throw new Refusal(`The binary for ${name} cannot be built on ${HOST}; build it on Linux.`);
	return { command: [unpackedNode(host.package, target.node, join(folder, "host"))], compiles: false };
}

/** @param {string} platform @param {string} version */
function tarballOf(platform, version) {
	const tarball = nodePackage(platform, version);
	if ("problem" in tarball) throw new Refusal(tarball.problem);
	return tarball.file;
}

/** @param {string[]} args */
function tar(args) {
	const { ok, stdout } = run("tar", args);
	if (!ok) throw new Refusal(`Could not read ${args[1]}; is tar installed?`);
	return stdout;
}
