// Just-in-time serving, where requests that meet share one decryption, beside a server that decrypts once per request.

import { CONNECTIONS, lightest } from "./load.js";
import { packedIn } from "./packed.js";
import { byTurns, MORE_ROUNDS } from "./rounds.js";
import { withServer } from "./server.js";
import { agentOn, builds, serialDecryptOn } from "./variants.js";

const KEYS = 20;

/** The part about just-in-time serving. @type {import("./parts.js").Part} */
export async function justInTime({ folder, rounds, seconds }) {
	const packed = packedIn(folder, KEYS);
	const { builds: all, missing } = builds();
	/** @type {import("./figures.js").Figure[]} */
	const figures = [];
	for (const build of all) {
		const rates = await byTurns(rounds * MORE_ROUNDS, {
			shared: () => perSecond(agentOn(build, packed, { CLEF_AGENT_CACHE_TTL: "0" }), seconds),
			serial: () => perSecond(serialDecryptOn(build, packed), seconds),
		});
		figures.push({
			what: `GET /v1/secrets just-in-time, ${KEYS} keys, ${CONNECTIONS} connections`,
			...{ measure: `requests per second (${lightest().name})`, unit: "requests/s" },
			subject: build.name,
			reference: `one decryption per request, one after the other, Node ${build.nodeVersion}`,
			targets: [{ of: "ratio", atLeast: 10 }],
			values: { subject: rates.shared, reference: rates.serial },
		});
	}
	return { figures, missing };
}

/** @param {import("./server.js").Variant} variant @param {number} seconds */
function perSecond(variant, seconds) {
	return withServer(variant, async ({ port }) => {
		const served = await lightest().run(`http://127.0.0.1:${port}/v1/secrets`, seconds);
		return served.requests / served.seconds;
	});
}
