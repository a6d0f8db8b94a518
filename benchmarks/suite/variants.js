// What is measured beside what: the agent as users get it, and what it is compared with.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {import("./server.js").Variant} Variant */
/** @typedef {import("./packed.js").Packed} Packed */

/**
 * One way in which users get the agent, and the Node.js that it runs on.
 * @typedef {{ name: string, command: readonly string[], node: string, nodeVersion: string }} Build
 */

/** The bearer token of every variant that asks for one. */
export const TOKEN = "benchmark-token-0123456789";

/** As long as the agent's own. */
export const ETAG = '"1795321703842-a0c7dd1c"';

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The built command on the Node.js that runs this.
 * @type {Build}
 */
export const NPM_COMMAND = {
	name: "npm command",
	command: [process.execPath, join(root, "apps", "agent", "dist", "clef-agent.js")],
	node: process.execPath,
	nodeVersion: process.versions.node,
};

/**
 * The npm command, and the standalone binary where there is one.
 * @returns {{ builds: Build[], missing: string[] }}
 */
export function builds() {
	const binary = standaloneBinary();
	return "missing" in binary
		? { builds: [NPM_COMMAND], missing: [binary.missing] }
		: { builds: [NPM_COMMAND, binary], missing: [] };
}

/** @returns {Build | { missing: string }} */
function standaloneBinary() {
	const host = `${process.platform}-${process.arch}`;
	const built = join("dist", "binary", `clef-agent-${host}`);
	const file = join(root, built);
	if (!existsSync(file))
		return { missing: `the standalone binary (no ${built}; \`npm run build:binary\` makes it)` };
	const said = spawnSync(file, ["--version"], { encoding: "utf8" }).stdout ?? "";
	const version = /Node(?:\.js)? v?(\d+\.\d+\.\d+)/.exec(said)?.[1] ?? nodeNamedIn(file);
	if (version === undefined) return { missing: "the standalone binary (which Node.js is in it is not told)" };
	const found = unpackedNode(host, version);
	return "missing" in found
		? found
		: { name: "binary", command: [file], node: found.path, nodeVersion: version };
}

/** Every Node.js has the address of its own source in it. @param {string} file */
function nodeNamedIn(file) {
	const { stdout = "" } = spawnSync("grep", ["-aoEm1", "node-v[0-9]+\\.[0-9]+\\.[0-9]+\\.tar\\.gz", file], {
		encoding: "utf8",
	});
	return /node-v(\d+\.\d+\.\d+)\.tar/.exec(stdout)?.[1];
}

/** @param {string} host @param {string} version @returns {{ path: string } | { missing: string }} */
function unpackedNode(host, version) {
	// The registry names this one package otherwise.
	const platform = host === "darwin-arm64" ? "bin-darwin-arm64" : host;
	const script = join(root, "scripts", "node-package.js");
	const { status, stdout, stderr } = spawnSync(process.execPath, [script, platform, version], {
		encoding: "utf8",
	});
	if (status !== 0) return { missing: `the standalone binary (its Node.js: ${stderr.trim()})` };
	const tarball = stdout.trim();
	const folder = join(dirname(tarball), version);
	const path = join(folder, "package", "bin", "node");
	if (!existsSync(path)) {
		mkdirSync(folder, { recursive: true });
		spawnSync("tar", ["-xzf", tarball, "-C", folder, "package/bin/node"]);
	}
	return { path };
}

/**
 * The agent on these files.
 * @param {Build} build
 * @param {{ artifact: string, identity: string }} files
 * @param {Record<string, string>} [env]
 * @returns {Variant}
 */
export function agentOn({ name, command: [command = "", ...args] }, { artifact, identity }, env = {}) {
	return {
		name,
		readyPath: "/v1/ready",
		readyStatus: 200,
		program: (port) => ({
			command,
			args,
			env: {
				CLEF_AGENT_SOURCE: artifact,
				CLEF_AGENT_AGE_KEY_FILE: identity,
				CLEF_AGENT_TOKEN: TOKEN,
				CLEF_AGENT_PORT: String(port),
				...env,
			},
		}),
	};
}

/**
 * The bare floor on the Node.js that a build runs on.
 * @param {Build} build
 * @param {string} bodyFile
 * @param {string} [etag]
 * @returns {Variant}
 */
export function floorFor({ node }, bodyFile, etag) {
	return script("bare floor", node, "floor.js", [bodyFile, ...(etag === undefined ? [] : [etag])], "/");
}

/** What people write by hand, ready as soon as it refuses a request without a token. @param {string} bodyFile @returns {Variant} */
export function expressOn(bodyFile) {
	return script("Express", process.execPath, "express-server.js", [bodyFile, TOKEN], "/v1/secrets", 401);
}

/** Conditional requests for this URL, one at each SIGHUP. @param {Build} build @param {string} url @returns {Variant} */
export function barePollerOn({ node }, url) {
	return script("bare poller", node, "bare-poller.js", [url], "/");
}

/** One decryption per request, one after the other. @param {Build} build @param {Packed} packed @returns {Variant} */
export function serialDecryptOn({ node }, { artifact, identity }) {
	return script("one decryption per request", node, "serial-decrypt.js", [artifact, identity], "/");
}

/**
 * @param {string} name
 * @param {string} node
 * @param {string} file in the folder above
 * @param {readonly string[]} args what follows the port
 * @param {string} readyPath
 * @param {number} [readyStatus]
 * @returns {Variant}
 */
function script(name, node, file, args, readyPath, readyStatus = 200) {
	const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
	return {
		name,
		readyPath,
		readyStatus,
		program: (port) => ({ command: node, args: [path, String(port), ...args] }),
	};
}
