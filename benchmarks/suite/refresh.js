// Refreshes of an artifact of 5,000 keys: beside the bare decryption and JSON.parse of the same bytes, and what those
// notice that are served meanwhile.

import { copyFileSync, renameSync } from "node:fs";
import { saturation } from "./latency.js";
import { CONNECTIONS, paced } from "./load.js";
import { packedIn } from "./packed.js";
import { bareDecryption, refreshing, timed, twoArtifacts } from "./refreshing.js";
import { byTurns, MORE_ROUNDS } from "./rounds.js";
import { withServer } from "./server.js";
import { agentOn, builds } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./load.js").Paced} Paced */
/** @typedef {import("./server.js").Server} Server */

const KEYS = 5_000;
/** The fastest answer there is, which has most to lose. */
const PATH = "/v1/secrets/KEY_7";
const WARM_UP = 10;
const TURNS_PER_ROUND = 15;
const REFRESH_EVERY_MS = 250;
/** Than a turn, so that a turn has several refreshes. */
const LONGER = 1.5;

/** The part about refreshes, and what those notice that are served meanwhile. @type {import("./parts.js").Part} */
export async function refresh({ folder, rounds, seconds }) {
	const packed = packedIn(folder, KEYS);
	const artifacts = twoArtifacts(packed);
	const { builds: all, missing } = builds();
	const figures = [await besideDecryption(packed, rounds)];
	for (const build of all) {
		const agent = agentOn(build, packed);
		const pace = {
			rate: Math.round((await saturation(agent, PATH)) / 2),
			seconds: seconds * LONGER,
		};
		const served = await byTurns(rounds * MORE_ROUNDS, {
			without: () => withServer(agent, (server) => servedBy(server, pace, () => undefined)),
			while: () =>
				withServer(agent, (server) => servedBy(server, pace, replacing(packed.artifact, artifacts))),
		});
		figures.push(...whileRefreshing(build.name, served));
	}
	return { figures, missing };
}

/** @param {import("./packed.js").Packed} packed @param {number} rounds @returns {Promise<Figure>} */
async function besideDecryption(packed, rounds) {
	const [whole, bare] = [await refreshing(packed), bareDecryption(packed)];
	const turns = { whole: () => timed(whole), bare: () => timed(bare) };
	await byTurns(WARM_UP, turns);
	const times = await byTurns(rounds * TURNS_PER_ROUND, turns);
	await whole.close();
	return {
		what: `a whole refresh of ${KEYS} keys, in-process`,
		...{ measure: "time", unit: "ms", subject: "library", reference: "bare decryption and JSON.parse" },
		targets: [{ of: "ratio", atMost: 2 }],
		values: { subject: times.whole, reference: times.bare },
	};
}

/**
 * Puts the other artifact in place and says so.
 * @param {string} file
 * @param {readonly string[]} artifacts
 * @returns {(server: Server, turn: number) => void}
 */
function replacing(file, artifacts) {
	return ({ child }, turn) => {
		copyFileSync(artifacts[turn % 2] ?? file, `${file}.new`);
		renameSync(`${file}.new`, file);
		child.kill("SIGHUP");
	};
}

/**
 * @param {Server} server
 * @param {{ rate: number, seconds: number }} pace
 * @param {(server: Server, turn: number) => void} meanwhile
 */
async function servedBy(server, pace, meanwhile) {
	const url = `http://127.0.0.1:${server.port}${PATH}`;
	await paced(url, { ...pace, seconds: 1 });
	let turns = 0;
	const timer = setInterval(() => {
		turns += 1;
		meanwhile(server, turns);
	}, REFRESH_EVERY_MS);
	const measured = await paced(url, pace);
	clearInterval(timer);
	return measured;
}

/** @param {string} subject @param {{ without: Paced[], while: Paced[] }} served @returns {Figure[]} */
function whileRefreshing(subject, served) {
	const every = `a new artifact of ${KEYS} keys every ${REFRESH_EVERY_MS} ms`;
	const what = `GET /v1/secrets/:key at half of its saturation, ${CONNECTIONS} connections`;
	const of = (/** @type {Paced[]} */ runs, /** @type {string} */ time) =>
		runs.map(({ milliseconds }) => Number(milliseconds[time]));
	const p99 = of(served.without, "p99");
	const shared = { what, unit: "ms", reference: "its p99 without" };
	return [
		{
			...{ ...shared, measure: "slowest request", subject: `${subject}, nothing new` },
			values: { subject: of(served.without, "max"), reference: p99 },
		},
		{
			...{ ...shared, measure: "p99", subject: `${subject}, ${every}` },
			values: { subject: of(served.while, "p99"), reference: p99 },
		},
		{
			...{ ...shared, measure: "slowest request", subject: `${subject}, ${every}` },
			targets: [{ of: "ratio", atMost: 3 }],
			values: { subject: of(served.while, "max"), reference: p99 },
		},
		{
			...{ what, measure: "failed requests", unit: "requests", subject: `${subject}, ${every}` },
			targets: [{ of: "value", atMost: 0 }],
			values: { subject: served.while.map(({ errors }) => errors) },
		},
	];
}
