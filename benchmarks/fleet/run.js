// Simulates fleets of agents before one source and writes benchmarks/results/fleet.json; `npm run docs` makes
// docs/fleet.md of it. Takes about two minutes on one core. Usage: npm run bench:fleet

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
// @boundaries-ignore the workspace's own formatter is started as its scripts start it
import { root, tool } from "../../scripts/run.js";

/** Most of a simulated poll would be Node's own controllers, a new one for each; nobody aborts anything here. */
class LightAbortController {
	signal = { aborted: false };

	abort() {
		this.signal.aborted = true;
	}
}
Object.assign(globalThis, { AbortController: LightAbortController });

const { OUTAGE_MS, SEED, START_WITHIN_MS, live, outage } = await import("./life.js");
const { LIVES, OUTAGES, SHORT_OUTAGE_MS } = await import("./plan.js");

const FILE = `${root}benchmarks/results/fleet.json`;
const startedMs = performance.now();

const lives = [];
for (const { until, horizonMs, ...setup } of LIVES) {
	lives.push(await live(setup, { until, horizonMs }));
	say(setup);
}
const hours = [];
for (const setup of OUTAGES.hour) {
	hours.push(await outage(setup, { downMs: OUTAGE_MS, bucketSeconds: 30 }));
	say(setup);
}
const withReaders = [];
for (const { readEveryMs, ...setup } of OUTAGES.withReaders) {
	const reading = readEveryMs === undefined ? {} : { readEveryMs };
	withReaders.push(await outage(setup, { downMs: SHORT_OUTAGE_MS, bucketSeconds: 10, ...reading }));
	say(setup);
}

const given = { seed: SEED, startWithinMs: START_WITHIN_MS, outageMs: OUTAGE_MS };
const results = { given, lives, outages: { hours, withReaders } };
mkdirSync(dirname(FILE), { recursive: true });
writeFileSync(FILE, `${JSON.stringify(results, undefined, 2)}\n`);
const formatted = tool("biome", ["format", "--write", FILE]);
if (!formatted.ok) throw new TypeError(formatted.output);
console.log(`wrote ${FILE}`);

/** @param {import("./life.js").Setup} setup */
function say({ place, agents, ttlSeconds }) {
	const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
	console.log(`${seconds.padStart(4)} s  ${place}, ${agents} agents, TTL ${ttlSeconds} s`);
}
