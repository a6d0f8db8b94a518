// How long after exec the agent is ready to serve, beside the floor's first answer on the same Node.js.

import { packedIn } from "./packed.js";
import { byTurns } from "./rounds.js";
import { withServer } from "./server.js";
import { agentOn, builds, ETAG, floorFor } from "./variants.js";

/** Starts are short and vary. */
const STARTS_PER_ROUND = 5;
/** @type {Record<string, import("./figures.js").Target[]>} */
const TARGETS = {
	binary: [
		{ of: "ratio", atMost: 2.2 },
		{ of: "ratio", atMost: 1.8 },
	],
	"npm command": [{ of: "ratio", atMost: 2.6 }],
};

/** The part about the time from exec to the first 200. @type {import("./parts.js").Part} */
export async function start({ folder, rounds }) {
	const packed = packedIn(folder, 20);
	const { builds: all, missing } = builds();
	/** @type {import("./figures.js").Figure[]} */
	const figures = [];
	for (const build of all) {
		const agent = agentOn(build, packed);
		const floor = floorFor(build, packed.body, ETAG);
		const startMs = (/** @type {import("./server.js").Variant} */ variant) =>
			withServer(variant, (server) => server.startMs);
		// Whatever is read from the disk is read once before.
		await startMs(agent);
		const times = await byTurns(rounds * STARTS_PER_ROUND, {
			agent: () => startMs(agent),
			floor: () => startMs(floor),
			again: () => startMs(floor),
		});
		const what = "exec to first 200, a file and an age key";
		const reference = `bare floor on Node ${build.nodeVersion}`;
		const shared = { what, measure: "time", unit: "ms", reference };
		figures.push(
			{ ...shared, subject: "bare floor, again", values: { subject: times.again, reference: times.floor } },
			{
				...{ ...shared, subject: build.name, targets: TARGETS[build.name] ?? [] },
				values: { subject: times.agent, reference: times.floor },
			},
		);
	}
	return { figures, missing };
}
