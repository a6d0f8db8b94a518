// Requests per second with telemetry to a dead collector beside none: of the built command when its code is compiled, all of
// them alive and asked by slices of a twentieth of a second; and in its first three seconds, in which telemetry's code is
// loaded and compiled as well. The command without telemetry is there twice: both are the reference of the others, and one
// beside the other tells how much that means.
// Usage: node telemetry.js

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beside } from "./suite/beside.js";
import { ratiosLine, ratiosOf } from "./suite/figures.js";
import { packedIn } from "./suite/packed.js";
import { bySlices } from "./suite/slices.js";
import { inRounds, warmedUp } from "./suite/together.js";
import { agentOn, NPM_COMMAND } from "./suite/variants.js";

/** Many rounds, because processes of the same code differ from each other by more than the turns of one do. */
const ROUNDS = 36;
const SECONDS = 1.5;
const PATH = "/v1/secrets";
const ROUNDS_FROM_START = 15;
const NONE = "none";
const AGAIN = "the same again";
/** @type {Readonly<Record<string, Record<string, string>>>} */
const KINDS = {
	[NONE]: {},
	[AGAIN]: {},
	"a dead collector": { CLEF_AGENT_TELEMETRY_URL: "http://127.0.0.1:9" },
	"Prometheus metrics": { CLEF_AGENT_METRICS: "prometheus" },
};
const AIM = { reference: NONE, sense: "at least 0.97 is the aim" };

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const packed = packedIn(folder, 20);
	const variants = Object.fromEntries(
		Object.entries(KINDS).map(([kind, env]) => [kind, agentOn(NPM_COMMAND, packed, env)]),
	);
	const rates = await inRounds(variants, ROUNDS, async (servers) => {
		await warmedUp(PATH)(Object.values(servers));
		const inThis = await bySlices(servers, PATH, SECONDS);
		return Object.fromEntries(Object.entries(inThis).map(([kind, rate]) => [kind, [rate]]));
	});
	const others = Object.keys(KINDS).filter((kind) => kind !== NONE);
	const [once = [], again = []] = [rates[NONE], rates[AGAIN]];
	const without = once.map((rate, round) => (rate + Number(again[round])) / 2);
	for (const kind of others) {
		const reference = kind === AGAIN ? once : without;
		console.log(ratiosLine(`GET ${PATH}, ${kind}`, ratiosOf(rates[kind] ?? [], reference), AIM));
	}
	for (const kind of others) {
		const subject = agentOn(NPM_COMMAND, packed, KINDS[kind]);
		const { starts, requests } = await beside(ROUNDS_FROM_START, subject, agentOn(NPM_COMMAND, packed));
		console.log(ratiosLine(`GET ${PATH}, ${kind}, first three seconds`, requests, AIM));
		const lower = { reference: NONE, sense: "lower is better" };
		console.log(ratiosLine(`start to first 200, ${kind}`, starts, lower));
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
