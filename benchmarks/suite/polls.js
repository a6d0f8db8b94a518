// What a poll costs that finds nothing new, beside a conditional request that nobody looks at.

import { readFileSync } from "node:fs";
import { CountedSource } from "./counted-source.js";
import { packedIn } from "./packed.js";
import { byTurns } from "./rounds.js";
import { withServer } from "./server.js";
import { agentOn, barePollerOn, builds } from "./variants.js";

/** So many that the accounting's 10 ms are nothing. */
const POLLS = 1_000;
const WARM_UP_POLLS = 200;

/** The part of the benchmark about unchanged polls. @type {import("./parts.js").Part} */
export async function polls({ folder, rounds }) {
	const { artifact, identity } = packedIn(folder, 20);
	const { builds: all, missing } = builds();
	/** @type {import("./figures.js").Figure[]} */
	const figures = [];
	for (const build of all) {
		const costs = await byTurns(rounds, {
			agent: () => costOf((url) => agentOn(build, { artifact: url, identity }), artifact),
			bare: () => costOf((url) => barePollerOn(build, url), artifact),
		});
		const what = "an unchanged poll, loopback HTTP";
		const of = (/** @type {"cpuMs" | "wireBytes" | "bodyBytes"} */ cost) => ({
			subject: costs.agent.map((each) => each[cost]),
			reference: costs.bare.map((each) => each[cost]),
		});
		const shared = {
			what,
			subject: build.name,
			reference: `bare conditional request, Node ${build.nodeVersion}`,
		};
		figures.push(
			{ ...shared, measure: "processor time", unit: "ms", targets: [atMost(2)], values: of("cpuMs") },
			{ ...shared, measure: "traffic in both directions", unit: "bytes", values: of("wireBytes") },
			{
				...{ what, subject: build.name, measure: "body", unit: "bytes", targets: [atMost(0)] },
				values: { subject: of("bodyBytes").subject },
			},
		);
	}
	return { figures, missing };
}

/** @param {number} limit @returns {import("./figures.js").Target} */
function atMost(limit) {
	return { of: "value", atMost: limit };
}

/**
 * Of each poll, at the poller and on the wire.
 * @param {(url: string) => import("./server.js").Variant} pollerOn
 * @param {string} artifact
 */
async function costOf(pollerOn, artifact) {
	const source = new CountedSource(readFileSync(artifact));
	await source.listen();
	try {
		return await withServer(pollerOn(source.url), async (server) => {
			await pollTimes(WARM_UP_POLLS, server, source);
			const [cpuMs, wire, body] = [server.cpuMs(), source.wireBytes(), source.bodyBytes];
			await pollTimes(POLLS, server, source);
			return {
				cpuMs: (server.cpuMs() - cpuMs) / POLLS,
				wireBytes: (source.wireBytes() - wire) / POLLS,
				bodyBytes: (source.bodyBytes - body) / POLLS,
			};
		});
	} finally {
		await source.close();
	}
}

/** @param {number} times @param {import("./server.js").Server} server @param {CountedSource} source */
async function pollTimes(times, server, source) {
	for (let poll = 0; poll < times; poll += 1) {
		const answer = source.nextAnswer();
		server.child.kill("SIGHUP");
		await answer;
	}
}
