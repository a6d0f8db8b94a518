// Requests per second with telemetry to a dead collector beside none, and the same twice to tell how much that means: of
// the built command when its code is compiled, all of them alive and asked by turns; of the built command in its first
// three seconds, in which telemetry's code is loaded and compiled as well; and in one process before and after telemetry
// began, over what a process without it does meanwhile.
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
import { perSecond, together, warmedUp } from "./suite/together.js";
import { agentOn, NPM_COMMAND } from "./suite/variants.js";

/** @typedef {import("./suite/packed.js").Packed} Packed */
/** @typedef {import("./suite/server.js").Variant} Variant */

const ROUNDS = 9;
/** Together enough to tell 0.97 from 1 where one turn differs from the next by a tenth. */
const COURSE = { rounds: 12, turns: 8, before: warmedUp("/v1/secrets") };
const TURN_SECONDS = 1;
const ROUNDS_FROM_START = 15;
const NONE = "none";
/** @type {Readonly<Record<string, Record<string, string>>>} */
const KINDS = {
	[NONE]: {},
	"the same again": {},
	"a dead collector": { CLEF_AGENT_TELEMETRY_URL: "http://127.0.0.1:9" },
	"Prometheus metrics": { CLEF_AGENT_METRICS: "prometheus" },
};
const AIM = { reference: NONE, sense: "at least 0.97 is the aim" };
const script = fileURLToPath(new URL("telemetry-agent.js", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const packed = packedIn(folder, 20);
	const variants = Object.fromEntries(
		Object.entries(KINDS).map(([kind, env]) => [kind, agentOn(NPM_COMMAND, packed, env)]),
	);
	const rates = await together(variants, COURSE, perSecond("/v1/secrets", TURN_SECONDS));
	const others = Object.keys(KINDS).filter((kind) => kind !== NONE);
	for (const kind of others)
		console.log(ratiosLine(`GET /v1/secrets, ${kind}`, ratiosOf(rates[kind] ?? [], rates[NONE] ?? []), AIM));
	for (const kind of others) {
		const subject = agentOn(NPM_COMMAND, packed, KINDS[kind]);
		const { starts, requests } = await beside(ROUNDS_FROM_START, subject, agentOn(NPM_COMMAND, packed));
		console.log(ratiosLine(`GET /v1/secrets, ${kind}, first three seconds`, requests, AIM));
		const lower = { reference: NONE, sense: "lower is better" };
		console.log(ratiosLine(`start to first 200, ${kind}`, starts, lower));
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
