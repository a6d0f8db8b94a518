// Measures the built command against the bare floor, alternating the two in one run, and prints ratios.
// Absolute figures of a shared machine mean nothing and are kept only in results.json.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 32;
const TOKEN = "benchmark-token-0123456789";
const command = fileURLToPath(new URL("../apps/agent/dist/clef-agent.js", import.meta.url));
const floorScript = fileURLToPath(new URL("floor.js", import.meta.url));
const autocannon = fileURLToPath(new URL("node_modules/.bin/autocannon", import.meta.url));

/** @typedef {{ name: string, start: (port: number) => import("node:child_process").ChildProcess, path: string }} Variant */

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const results = [];
	for (const keys of [20, 500]) results.push(await measure(keys));
	writeFileSync(
		new URL("results.json", import.meta.url),
		JSON.stringify({ node: process.version, results }, null, 2),
	);
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** @param {number} keys */
async function measure(keys) {
	const variants = prepare(keys);
	/** @type {Record<string, number[]>} */
	const starts = { agent: [], floor: [] };
	/** @type {Record<string, number[]>} */
	const requests = { agent: [], floor: [] };
	let port = 21_000 + keys;
	for (let round = 0; round < ROUNDS; round += 1) {
		for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
			port += 1;
			const began = performance.now();
			const child = variant.start(port);
			await firstAnswer(port, variant.path);
			starts[variant.name]?.push(performance.now() - began);
			requests[variant.name]?.push(load(port));
			const gone = new Promise((resolve) => child.once("exit", resolve));
			child.kill("SIGTERM");
			await gone;
		}
	}
	print(`start to first 200, ${keys} keys`, starts, "lower is better");
	print(`GET /v1/secrets, ${keys} keys, ${CONNECTIONS} connections`, requests, "higher is better");
	return { keys, starts, requests };
}

/**
 * @param {number} keys
 * @returns {Variant[]}
 */
function prepare(keys) {
	const secrets = Object.fromEntries(
		Array.from({ length: keys }, (_, n) => [`KEY_${n}`, `value-${n}-${"x".repeat(40)}`]),
	);
	const [artifact, body, identity] = ["artifact.json", "body.json", "age.txt"].map((name) =>
		join(folder, name),
	);
	rmSync(String(identity), { force: true });
	writeFileSync(String(body), JSON.stringify(secrets));
	clef(["keygen", "-o", String(identity)]);
	const recipient = /age1[a-z0-9]+/.exec(readFileSync(String(identity), "utf8"))?.[0];
	const names = ["--identity", "bench", "--environment", "test", "--recipient", String(recipient)];
	clef(["pack", String(body), ...names, "-o", String(artifact)]);
	return [
		{
			name: "agent",
			path: "/v1/ready",
			start: (port) =>
				spawn(process.execPath, [command], {
					stdio: "ignore",
					env: {
						PATH: process.env.PATH,
						CLEF_AGENT_SOURCE: artifact,
						CLEF_AGENT_AGE_KEY_FILE: identity,
						CLEF_AGENT_TOKEN: TOKEN,
						CLEF_AGENT_PORT: String(port),
					},
				}),
		},
		{
			name: "floor",
			path: "/",
			start: (port) =>
				spawn(process.execPath, [floorScript, String(port), String(body)], { stdio: "ignore" }),
		},
	];
}

/** @param {string[]} args */
function clef(args) {
	const { status, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: "utf8" });
	if (status !== 0) throw new TypeError(`clef-agent ${args[0]} failed: ${stderr}`);
}

/** @param {number} port @param {string} path */
async function firstAnswer(port, path) {
	for (;;) {
		const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
		await answer?.body?.cancel();
		if (answer?.status === 200) return;
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

/** @param {number} port */
function load(port) {
	const options = [
		"-c",
		String(CONNECTIONS),
		"-d",
		String(SECONDS),
		"-j",
		"-H",
		`Authorization=Bearer ${TOKEN}`,
	];
	const { stdout } = spawnSync(autocannon, [...options, `http://127.0.0.1:${port}/v1/secrets`], {
		encoding: "utf8",
		stdio: ["ignore", "pipe", "ignore"],
		maxBuffer: 1e8,
	});
	const { requests, non2xx, errors } = JSON.parse(stdout);
	if (non2xx + errors > 0) throw new TypeError(`${non2xx} refusals and ${errors} errors under load`);
	return requests.average;
}

/** @param {string} title @param {Record<string, number[]>} values @param {string} sense */
function print(title, { agent = [], floor = [] }, sense) {
	const ratios = agent.map((value, round) => value / Number(floor[round])).sort((a, b) => a - b);
	const [low, middle, high] = [0, 0.5, 1].map((part) =>
		ratios[Math.round(part * (ratios.length - 1))]?.toFixed(2),
	);
	console.log(`${title}: ${middle} of the bare floor (${low} to ${high} over ${ROUNDS} rounds; ${sense})`);
}
