// How long after exec the Lambda extension has registered, and has served the function's first secret, beside a Node
// that starts and does nothing, by turns. Usage: node lambda.js

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
// @boundaries-ignore ports are found in one way everywhere
import { freePort } from "../scripts/free-port.js";
import { ratiosLine } from "./suite/figures.js";
import { packedIn } from "./suite/packed.js";
import { NPM_COMMAND, TOKEN } from "./suite/variants.js";

const ROUNDS = 15;
const [program = "", ...args] = NPM_COMMAND.command;

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const { artifact, identity } = packedIn(folder, 20);
	const bytes = readFileSync(artifact);
	const source = await listening((_, response) => response.writeHead(200, { ETag: '"1"' }).end(bytes));
	const key = { CLEF_AGENT_AGE_KEY_FILE: identity };
	await measure("a file", { ...key, CLEF_AGENT_SOURCE: artifact });
	await measure("loopback HTTP", { ...key, CLEF_AGENT_SOURCE: source.url });
	source.server.close();
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** @param {string} source @param {Record<string, string>} env */
async function measure(source, env) {
	/** @type {{ registered: number[], served: number[] }} */
	const ratios = { registered: [], served: [] };
	for (let round = 0; round < ROUNDS; round += 1) {
		const [before, start, after] = [emptyNode(), await coldStart(env), emptyNode()];
		const floor = (before + after) / 2;
		ratios.registered.push(start.registered / floor);
		ratios.served.push(start.served / floor);
	}
	const words = { reference: "`node -e 0`", sense: "lower is better" };
	console.log(ratiosLine(`exec to registered, ${source}`, ratios.registered, words));
	console.log(ratiosLine(`exec to first secret, ${source}`, ratios.served, words));
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
 */
async function coldStart(env) {
	const port = await freePort();
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
	const child = spawn(program, [...args, "lambda", "--name", "clef-agent"], {
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
