// Requests per second with telemetry to a dead collector beside none, in three ways that do not agree: the built command
// with it beside the built command without it in the first three seconds of both, in which telemetry's code is loaded
// and compiled as well, and with the same twice to tell how much that means; the same two some seconds later; and one
// process before and after telemetry began, over what a process without it does meanwhile.
// Usage: node telemetry.js

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
	agentOn,
	alternate,
	CONNECTIONS,
	packSecrets,
	printRatios,
	requestsPerSecond,
} from "./side-by-side.js";

const ROUNDS = 9;
/** Enough to tell 0.97 from 1 where one round differs from the next by a tenth. */
const ROUNDS_BETWEEN = 15;
const WARM_UP_SECONDS = 5;
const KINDS = /** @type {const} */ (["plain", "watched"]);
/** @type {readonly [string, Record<string, string>][]} */
const BETWEEN_PROCESSES = [
	["the same again", {}],
	["a dead collector", { CLEF_AGENT_TELEMETRY_URL: "http://127.0.0.1:9" }],
	["Prometheus metrics", { CLEF_AGENT_METRICS: "prometheus" }],
];
const script = fileURLToPath(new URL("telemetry-agent.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
/** @type {{ plain: number[], watched: number[] }} */
const changes = { plain: [], watched: [] };
try {
	const packed = packSecrets(folder, 20);
	let port = 24_000;
	for (const [title, env] of BETWEEN_PROCESSES) {
		const without = /** @type {const} */ ({ ...agentOn(packed), name: "other" });
		const { starts, requests } = await alternate([agentOn(packed, env), without], port, ROUNDS_BETWEEN);
		printRatios(`GET /v1/secrets, ${title}, between processes`, requests, "none", "at least 0.97 is the aim");
		printRatios(`start to first 200, ${title}`, starts, "none", "lower is better");
		port += 100;
	}
	const without = /** @type {const} */ ({ ...agentOn(packed), name: "other" });
	for (const [title, env] of BETWEEN_PROCESSES.slice(0, 2)) {
		const variants = [agentOn(packed, env), without];
		const { requests } = await alternate(variants, port, ROUNDS, WARM_UP_SECONDS);
		printRatios(`GET /v1/secrets, ${title}, warm`, requests, "none", "at least 0.97 is the aim");
		port += 100;
	}
	for (let round = 0; round < ROUNDS; round += 1) {
		for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
			changes[kind].push(await change(packed, kind, port));
			port += 2;
		}
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
const ratios = changes.watched
	.map((value, round) => value / Number(changes.plain[round]))
	.sort((a, b) => a - b);
const [low, middle, high] = [0, 0.5, 1].map((part) =>
	ratios[Math.round(part * (ratios.length - 1))]?.toFixed(2),
);
console.log(
	`GET /v1/secrets, a dead collector, within a process, ${CONNECTIONS} connections: ${middle} of none (${low} to ${high} over ${ROUNDS} rounds; at least 0.97 is the aim)`,
);

/**
 * What the second listener serves after telemetry began (where it does) over what the first one served before.
 * @param {import("./side-by-side.js").Packed} packed
 * @param {"plain" | "watched"} kind
 * @param {number} port
 */
async function change({ artifact, identity }, kind, port) {
	const child = spawn(process.execPath, [script, artifact, identity, String(port), kind], {
		stdio: "ignore",
	});
	await listening(port + 1);
	for (const each of [port, port + 1]) requestsPerSecond(each, 2);
	const before = requestsPerSecond(port, 2);
	if (kind === "watched") child.kill("SIGUSR2");
	requestsPerSecond(port + 1, 1);
	const after = requestsPerSecond(port + 1, 2);
	const ended = once(child, "exit");
	child.kill("SIGKILL");
	await ended;
	return after / before;
}

/** @param {number} port */
async function listening(port) {
	for (;;) {
		const answer = await fetch(`http://127.0.0.1:${port}/v1/health`).catch(() => undefined);
		await answer?.body?.cancel();
		if (answer?.status === 200) return;
	}
}
