// Requests per second with telemetry to a dead collector beside none, in three ways that do not agree: the built command
// with it beside the built command without it in the first three seconds of both, in which telemetry's code is loaded
// and compiled as well, and with the same twice to tell how much that means; the same two some seconds later; and one
// process before and after telemetry began, over what a process without it does meanwhile.
// Usage: node telemetry.js

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
// @boundaries-ignore ports are found in one way everywhere
import { freePort } from "../scripts/free-port.js";
import { beside, requestsPerSecond } from "./suite/beside.js";
import { ratiosLine, ratiosOf } from "./suite/figures.js";
import { CONNECTIONS } from "./suite/load.js";
import { packedIn } from "./suite/packed.js";
import { byTurns } from "./suite/rounds.js";
import { withServer } from "./suite/server.js";
import { agentOn, NPM_COMMAND } from "./suite/variants.js";

/** @typedef {import("./suite/packed.js").Packed} Packed */
/** @typedef {import("./suite/server.js").Variant} Variant */

const ROUNDS = 9;
/** Enough to tell 0.97 from 1 where one round differs from the next by a tenth. */
const ROUNDS_BETWEEN = 15;
const WARM_UP_SECONDS = 5;
/** @type {readonly [string, Record<string, string>][]} */
const BETWEEN_PROCESSES = [
	["the same again", {}],
	["a dead collector", { CLEF_AGENT_TELEMETRY_URL: "http://127.0.0.1:9" }],
	["Prometheus metrics", { CLEF_AGENT_METRICS: "prometheus" }],
];
const AIM = { reference: "none", sense: "at least 0.97 is the aim" };
const script = fileURLToPath(new URL("telemetry-agent.js", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const packed = packedIn(folder, 20);
	const without = agentOn(NPM_COMMAND, packed);
	for (const [title, env] of BETWEEN_PROCESSES) {
		const { starts, requests } = await beside(ROUNDS_BETWEEN, agentOn(NPM_COMMAND, packed, env), without);
		console.log(ratiosLine(`GET /v1/secrets, ${title}, between processes`, requests, AIM));
		const lower = { reference: "none", sense: "lower is better" };
		console.log(ratiosLine(`start to first 200, ${title}`, starts, lower));
	}
	for (const [title, env] of BETWEEN_PROCESSES.slice(0, 2)) {
		const watched = agentOn(NPM_COMMAND, packed, env);
		const { requests } = await beside(ROUNDS, watched, without, WARM_UP_SECONDS);
		console.log(ratiosLine(`GET /v1/secrets, ${title}, warm`, requests, AIM));
	}
	const changes = await byTurns(ROUNDS, {
		plain: () => change(packed, "plain"),
		watched: () => change(packed, "watched"),
	});
	const title = `GET /v1/secrets, a dead collector, within a process, ${CONNECTIONS} connections`;
	console.log(ratiosLine(title, ratiosOf(changes.watched, changes.plain), AIM));
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/**
 * What the second listener serves after telemetry began (where it does) over what the first one served before.
 * @param {Packed} packed
 * @param {"plain" | "watched"} kind
 */
async function change(packed, kind) {
	const first = await freePort();
	return withServer(twoListeners(packed, kind, first), async ({ child, port: second }) => {
		for (const each of [first, second]) await requestsPerSecond(each, 2);
		const before = await requestsPerSecond(first, 2);
		if (kind === "watched") child.kill("SIGUSR2");
		await requestsPerSecond(second, 1);
		return (await requestsPerSecond(second, 2)) / before;
	});
}

/**
 * The agent in-process; the variant's port is that of its second listener, which is the last to listen.
 * @param {Packed} packed
 * @param {"plain" | "watched"} kind
 * @param {number} first the port of the other
 * @returns {Variant}
 */
function twoListeners({ artifact, identity }, kind, first) {
	return {
		name: `the ${kind} agent in-process`,
		readyPath: "/v1/health",
		readyStatus: 200,
		program: (second) => ({
			command: process.execPath,
			args: [script, artifact, identity, String(first), String(second), kind],
		}),
	};
}
