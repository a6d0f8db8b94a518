// Runs two servers by turns under the same load, so that their ratio means something on a shared machine.

import { spawn, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROUNDS = 5;
export const CONNECTIONS = 32;
const SECONDS = 3;
const TOKEN = "benchmark-token-0123456789";
const command = fileURLToPath(new URL("../apps/agent/dist/clef-agent.js", import.meta.url));
const autocannon = fileURLToPath(new URL("node_modules/.bin/autocannon", import.meta.url));

/** @typedef {{ name: "agent" | "other", start: (port: number) => import("node:child_process").ChildProcess, path: string }} Variant */
/** @typedef {Record<Variant["name"], number[]>} Values */
/** @typedef {{ artifact: string, body: string, identity: string }} Packed */

/**
 * Packs this many secrets for a new age key; the files stay in the folder.
 * @param {string} folder
 * @param {number} keys
 * @returns {Packed}
 */
export function packSecrets(folder, keys) {
	const secrets = Object.fromEntries(
		Array.from({ length: keys }, (_, n) => [`KEY_${n}`, `value-${n}-${"x".repeat(40)}`]),
	);
	const body = join(folder, "body.json");
	const identity = join(folder, "age.txt");
	rmSync(identity, { force: true });
	writeFileSync(body, JSON.stringify(secrets));
	clef(["keygen", "-o", identity]);
	return { artifact: pack(join(folder, "artifact.json"), body, identity), body, identity };
}

/**
 * Packs a file of secrets for the key in another and gives the artifact's path back.
 * @param {string} artifact
 * @param {string} body
 * @param {string} identity
 */
export function pack(artifact, body, identity) {
	const recipient = /age1[a-z0-9]+/.exec(readFileSync(identity, "utf8"))?.[0];
	const names = ["--identity", "bench", "--environment", "test", "--recipient", String(recipient)];
	clef(["pack", body, ...names, "-o", artifact]);
	return artifact;
}

/**
 * The built command on these files.
 * @param {Packed} packed
 * @param {Record<string, string>} [env]
 * @returns {Variant}
 */
export function agentOn({ artifact, identity }, env = {}) {
	return {
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
					...env,
				},
			}),
	};
}

/**
 * Another server: a script of this folder that gets the port and these arguments.
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Variant}
 */
export function scriptOn(script, args) {
	const path = fileURLToPath(new URL(script, import.meta.url));
	return {
		name: "other",
		path: "/",
		start: (port) => spawn(process.execPath, [path, String(port), ...args], { stdio: "ignore" }),
	};
}

/**
 * Milliseconds to the first answer and requests per second of each, turn by turn; without a warm-up the first
 * milliseconds count as well.
 * @param {readonly Variant[]} variants
 * @param {number} firstPort
 */
export async function alternate(variants, firstPort, rounds = ROUNDS, warmUpSeconds = 0) {
	/** @type {Values} */
	const starts = { agent: [], other: [] };
	/** @type {Values} */
	const requests = { agent: [], other: [] };
	let port = firstPort;
	for (let round = 0; round < rounds; round += 1) {
		for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
			port += 1;
			const began = performance.now();
			const child = variant.start(port);
			await firstAnswer(port, variant.path);
			starts[variant.name].push(performance.now() - began);
			if (warmUpSeconds > 0) requestsPerSecond(port, warmUpSeconds);
			requests[variant.name].push(requestsPerSecond(port, SECONDS));
			const gone = new Promise((resolve) => child.once("exit", resolve));
			child.kill("SIGTERM");
			await gone;
		}
	}
	return { starts, requests };
}

/**
 * @param {string} title
 * @param {Values} values
 * @param {string} compared what the other one is
 * @param {string} sense
 */
export function printRatios(title, { agent, other }, compared, sense) {
	const ratios = agent.map((value, round) => value / Number(other[round])).sort((a, b) => a - b);
	const [low, middle, high] = [0, 0.5, 1].map((part) =>
		ratios[Math.round(part * (ratios.length - 1))]?.toFixed(2),
	);
	console.log(
		`${title}: ${middle} of ${compared} (${low} to ${high} over ${ratios.length} rounds; ${sense})`,
	);
}

/** @param {string[]} args */
function clef(args) {
	const { status, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: "utf8" });
	if (status !== 0) throw new TypeError(`clef-agent ${args[0]} failed: ${stderr}`);
}

/**
 * Waits until a server answers this path with 200.
 * @param {number} port
 * @param {string} path
 */
export async function firstAnswer(port, path) {
	for (;;) {
		const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
		await answer?.body?.cancel();
		if (answer?.status === 200) return;
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

/**
 * What a server serves under load.
 * @param {number} port
 * @param {number} seconds
 */
export function requestsPerSecond(port, seconds) {
	const options = [
		"-c",
		String(CONNECTIONS),
		"-d",
		String(seconds),
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
