// How long after exec the Lambda extension has registered, and has served the function's first secret, beside a Node
// that starts and does nothing, by turns. Usage: node lambda.js

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packSecrets } from "./side-by-side.js";

const ROUNDS = 15;
const TOKEN = "benchmark-token-0123456789";
const command = fileURLToPath(new URL("../apps/agent/dist/clef-agent.js", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const { artifact, identity } = packSecrets(folder, 20);
	const bytes = readFileSync(artifact);
	const source = await listening((_, response) => response.writeHead(200, { ETag: '"1"' }).end(bytes));
	const key = { CLEF_AGENT_AGE_KEY_FILE: identity };
	await measure("a file", { ...key, CLEF_AGENT_SOURCE: artifact }, 23_000);
	await measure("loopback HTTP", { ...key, CLEF_AGENT_SOURCE: source.url }, 23_500);
	source.server.close();
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {string} source
 * @param {Record<string, string>} env
 * @param {number} firstPort
 */
async function measure(source, env, firstPort) {
	/** @type {{ registered: number[], served: number[] }} */
	const ratios = { registered: [], served: [] };
	for (let round = 0; round < ROUNDS; round += 1) {
		const [before, start, after] = [emptyNode(), await coldStart(env, firstPort + round), emptyNode()];
		const floor = (before + after) / 2;
		ratios.registered.push(start.registered / floor);
		ratios.served.push(start.served / floor);
	}
	print(`exec to registered, ${source}`, ratios.registered);
	print(`exec to first secret, ${source}`, ratios.served);
}

/** Milliseconds that a Node takes to start, do nothing and end. */
function emptyNode() {
	const began = performance.now();
	spawnSync(process.execPath, ["-e", "0"]);
	return performance.now() - began;
}

/**
 * One environment's start: the function asks as soon as Lambda would let it, which is when the extension registers.
 * @param {Record<string, string>} env
 * @param {number} port
 */
async function coldStart(env, port) {
	/** @type {(at: number) => void} */
	let registered = () => undefined;
	const registration = new Promise((resolve) => {
		registered = resolve;
	});
	const api = await listening((request, response) => {
		// The first question for an event stays open, as it does in Lambda.
		if (request.url?.endsWith("/next")) return;
		registered(performance.now());
		response
			.writeHead(200, { "Lambda-Extension-Identifier": "b1e8b1f4-0000-4000-8000-000000000000" })
			.end("{}");
	});
	const began = performance.now();
	const child = spawn(process.execPath, [command, "lambda", "--name", "clef-agent"], {
		stdio: "ignore",
		env: {
			PATH: process.env.PATH,
			AWS_LAMBDA_RUNTIME_API: new URL(api.url).host,
			AWS_SESSION_TOKEN: TOKEN,
			CLEF_AGENT_PORT: String(port),
			...env,
		},
	});
	const registeredAt = await registration;
	const answer = await fetch(`http://127.0.0.1:${port}/v1/secrets/KEY_7`, {
		headers: { authorization: `Bearer ${TOKEN}` },
	});
	await answer.text();
	const servedAt = performance.now();
	if (answer.status !== 200) throw new TypeError(`the first secret is answered with ${answer.status}`);
	const ended = once(child, "exit");
	child.kill("SIGKILL");
	await ended;
	api.server.closeAllConnections();
	api.server.close();
	return { registered: registeredAt - began, served: servedAt - began };
}

/** @param {import("node:http").RequestListener} answer */
async function listening(answer) {
	const server = createServer(answer);
	await once(server.listen(0, "127.0.0.1"), "listening");
	const address = /** @type {import("node:net").AddressInfo} */ (server.address());
	return { server, url: `http://127.0.0.1:${address.port}` };
}

/**
 * @param {string} title
 * @param {number[]} ratios
 */
function print(title, ratios) {
	const sorted = ratios.toSorted((a, b) => a - b);
	const [low, middle, high] = [0, 0.5, 1].map((part) =>
		sorted[Math.round(part * (sorted.length - 1))]?.toFixed(2),
	);
	console.log(
		`${title}: ${middle} of \`node -e 0\` (${low} to ${high} over ${sorted.length} rounds; lower is better)`,
	);
}
