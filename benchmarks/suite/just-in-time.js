// Just-in-time serving, where requests that meet share one decryption, beside a server that decrypts once per request.

import { CONNECTIONS, lightest } from "./load.js";
import { packedIn } from "./packed.js";
import { perSecond, together, warmedUp } from "./together.js";
import { agentOn, builds, serialDecryptOn } from "./variants.js";

const KEYS = 20;
const TURNS = 6;
const PATH = "/v1/secrets";

/** The part about just-in-time serving. @type {import("./parts.js").Part} */
export async function justInTime({ folder, rounds, seconds }) {
	const packed = packedIn(folder, KEYS);
	const { builds: all, missing } = builds();
	/** @type {import("./figures.js").Figure[]} */
	const figures = [];
	for (const build of all) {
		const variants = {
			shared: agentOn(build, packed, { CLEF_AGENT_CACHE_TTL: "0" }),
			serial: serialDecryptOn(build, packed),
		};
		const course = { rounds, turns: TURNS, before: warmedUp(PATH) };
		const rates = await together(variants, course, perSecond(PATH, seconds));
		figures.push({
			what: `GET ${PATH} just-in-time, ${KEYS} keys, ${CONNECTIONS} connections`,
			...{ measure: `requests per second (${lightest().name})`, unit: "requests/s" },
			subject: build.name,
			reference: `one decryption per request, one after the other, Node ${build.nodeVersion}`,
			targets: [{ of: "ratio", atLeast: 10 }],
			values: { subject: rates.shared ?? [], reference: rates.serial ?? [] },
		});
	}
	return { figures, missing };
}
