// How long after exec the agent answers that it is ready, as the standalone binary and as the npm command, beside a
// node:http server that only answers, on the same Node.js, by turns. Usage: node start.js [ROUNDS]

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstAnswer, packSecrets } from "./side-by-side.js";

const ROUNDS = Number(process.argv[2] ?? 15);
const FIRST_PORT = 24_000;
const MB = 1024 * 1024;
const command = fileURLToPath(new URL("../apps/agent/dist/clef-agent.js", import.meta.url));
const floor = fileURLToPath(new URL("floor.js", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
let port = FIRST_PORT;
try {
	const { artifact, body, identity } = packSecrets(folder, 20);
	const env = { CLEF_AGENT_SOURCE: artifact, CLEF_AGENT_AGE_KEY_FILE: identity };
	const { binary, node, version } = builtBinary();
	const sizes = [binary, node].map((file) => `${(statSync(file).size / MB).toFixed(1)} MB`);
	console.log(`binary: ${sizes[0]}, the Node.js ${version} in it alone, with symbols: ${sizes[1]}`);
	await compare(`binary (Node ${version})`, [binary], [node, floor], env, body);
	await compare(`npm command (Node ${version})`, [node, command], [node, floor], env, body);
	if (process.versions.node !== version) {
		const own = process.execPath;
		await compare(`npm command (Node ${process.versions.node})`, [own, command], [own, floor], env, body);
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** Builds this machine's binary, and unpacks the Node.js that is in it. */
function builtBinary() {
	const host = `${process.platform}-${process.arch}`;
	const said = output(process.execPath, [script("build-binary.js"), "--only", host, "--output", folder]);
	const version = /Node\.js ([\d.]+)/.exec(said)?.[1] ?? "";
	// The registry names this one package otherwise.
	const platform = host === "darwin-arm64" ? "bin-darwin-arm64" : host;
	const tarball = output(process.execPath, [script("node-package.js"), platform, version]).trim();
	output("tar", ["-xzf", tarball, "-C", folder, "package/bin/node"]);
	return { binary: join(folder, `clef-agent-${host}`), node: join(folder, "package/bin/node"), version };
}

/** @param {string} name */
function script(name) {
	return fileURLToPath(new URL(`../scripts/${name}`, import.meta.url));
}

/** What a program prints. @param {string} program @param {string[]} args */
function output(program, args) {
	const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
	if (status !== 0) throw new TypeError(`${program} ${args[0]} failed: ${stderr}`);
	return stdout;
}

/**
 * @param {string} title
 * @param {readonly string[]} agent
 * @param {readonly string[]} other
 * @param {Record<string, string>} env
 * @param {string} body
 */
async function compare(title, agent, other, env, body) {
	/** @type {number[]} */
	const ratios = [];
	for (let round = 0; round < ROUNDS; round += 1) {
		const before = await untilAnswered([...other], [body], {}, "/");
		const ready = await untilAnswered([...agent], [], env, "/v1/ready");
		const after = await untilAnswered([...other], [body], {}, "/");
		ratios.push(ready / ((before + after) / 2));
	}
	const sorted = ratios.toSorted((a, b) => a - b);
	const [low, middle, high] = [0, 0.5, 1].map((part) =>
		sorted[Math.round(part * (sorted.length - 1))]?.toFixed(2),
	);
	console.log(
		`${title}, exec to ready: ${middle} of a bare server's first answer` +
			` (${low} to ${high} over ${sorted.length} rounds; lower is better)`,
	);
}

/**
 * Milliseconds from exec to the first 200.
 * @param {string[]} program
 * @param {string[]} args what follows the port
 * @param {Record<string, string>} env
 * @param {string} path
 */
async function untilAnswered([file = "", ...before], args, env, path) {
	port += 1;
	const own = args.length === 0 ? [] : [String(port), ...args];
	const began = performance.now();
	const child = spawn(file, [...before, ...own], {
		stdio: "ignore",
		env: {
			PATH: process.env.PATH,
			CLEF_AGENT_TOKEN: "benchmark-token",
			CLEF_AGENT_PORT: String(port),
			...env,
		},
	});
	await firstAnswer(port, path);
	const took = performance.now() - began;
	const ended = once(child, "exit");
	child.kill("SIGKILL");
	await ended;
	return took;
}
