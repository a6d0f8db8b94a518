// Refreshes of an artifact of 5,000 keys: beside the bare decryption and JSON.parse of the same bytes, and what those
// notice that are served meanwhile.

import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { settledRate } from "./latency.js";
import { CONNECTIONS, paced } from "./load.js";
import { packedIn } from "./packed.js";
import { bareDecryption, refreshing, timed, twoArtifacts } from "./refreshing.js";
import { byTurns } from "./rounds.js";
import { inRounds } from "./together.js";
import { agentOn, builds } from "./variants.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./load.js").Paced} Paced */
/** @typedef {import("./server.js").Server} Server */
/** @typedef {{ without: Paced[], while: Paced[] }} Served */
/** @typedef {(server: Server, turn: number) => void} Replace */

const KEYS = 5_000;
/** The fastest answer there is, which has most to lose. */
const PATH = "/v1/secrets/KEY_7";
const WARM_UP = 10;
const TURNS_PER_ROUND = 15;
const REFRESH_EVERY_MS = 250;
const TURNS = 2;
/** Than a turn elsewhere, so that one has a dozen refreshes. */
const LONGER = 3;

/** The part about refreshes, and what those notice that are served meanwhile. @type {import("./parts.js").Part} */
export async function refresh({ folder, rounds, seconds }) {
	const packed = packedIn(folder, KEYS);
	const artifacts = twoArtifacts(packed);
	// In a file of its own, since whoever watches a file that is replaced refreshes.
	const still = packedIn(join(folder, "still"), KEYS);
	const { builds: all, missing } = builds();
	const figures = [await besideDecryption(packed, rounds)];
	for (const build of all) {
		const variants = { without: agentOn(build, still), while: agentOn(build, packed) };
		const replace = replacing(packed.artifact, artifacts);
		const served = await inRounds(variants, rounds, (servers) =>
			atOneRate(servers, replace, seconds * LONGER),
		);
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
 * @returns {Replace}
 */
function replacing(file, artifacts) {
	return ({ child }, turn) => {
		copyFileSync(artifacts[turn % 2] ?? file, `${file}.new`);
		renameSync(`${file}.new`, file);
		child.kill("SIGHUP");
	};
}

/** What the agent holds. @param {Server} server @returns {Promise<string>} */
async function revisionOf(server) {
	const answer = await fetch(server.url("/v1/health"));
	return /** @type {{ revision: string }} */ (await answer.json()).revision;
}

/**
 * One whose artifact is replaced all the time, and one whose is not.
 * @param {Readonly<Record<keyof Served, Server>>} servers
 * @param {Replace} replace
 * @param {number} seconds
 * @returns {Promise<Served>}
 */
async function atOneRate(servers, replace, seconds) {
	const rate = await settledRate(servers, servers.without, PATH);
	return byTurns(TURNS, {
		without: () => paced(servers.without.url(PATH), { rate, seconds }),
		while: () => replaced(servers.while, replace, { rate, seconds }),
	});
}

/**
 * Fails where the agent did not take most of what was put in place: that would be a turn without refreshes.
 * @param {Server} server
 * @param {Replace} replace
 * @param {{ rate: number, seconds: number }} pace
 */
async function replaced(server, replace, pace) {
	let [turns, taken, before] = [0, 0, await revisionOf(server)];
	const replaceAndLook = async () => {
		turns += 1;
		replace(server, turns);
		// Late enough that it has been taken, and before the next.
		await new Promise((resolve) => setTimeout(resolve, REFRESH_EVERY_MS / 2));
		const now = await revisionOf(server);
		if (now !== before) taken += 1;
		before = now;
	};
	let latest = Promise.resolve();
	const timer = setInterval(() => {
		latest = replaceAndLook();
	}, REFRESH_EVERY_MS);
	try {
		const times = await paced(server.url(PATH), pace);
		clearInterval(timer);
		// Else it would ask a server that is being stopped.
		await latest;
		if (taken < turns / 2) throw new TypeError(`only ${taken} of ${turns} artifacts were taken`);
		return times;
	} finally {
		clearInterval(timer);
	}
}

/** @param {string} subject @param {Served} served @returns {Figure[]} */
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
