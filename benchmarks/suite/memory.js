// Resident memory: ready and idle beside the floor, and after a long time of full load beside idle.

import { spawnSync } from "node:child_process";
import { CONNECTIONS, lightest } from "./load.js";
import { packedIn } from "./packed.js";
import { byTurns } from "./rounds.js";
import { withServer } from "./server.js";
import { agentOn, builds, ETAG, floorFor } from "./variants.js";

/** @typedef {import("./server.js").Server} Server */
/** @typedef {import("./server.js").Variant} Variant */
/** @typedef {import("./variants.js").Build} Build */

/** Until what a start leaves behind is settled. */
const SETTLE_MS = 1_000;
const SAMPLE_MS = 1_000;
/** Room for objects that die young, in MB; V8 takes up to eight times as much. */
const BOUNDED = "--max-semi-space-size=2";

/** The part about resident memory; `loadSeconds` is how long the load lasts. @type {import("./parts.js").Part} */
export async function memory({ folder, rounds, loadSeconds }) {
	const packed = packedIn(folder, 20);
	const { builds: all, missing } = builds();
	/** @type {import("./figures.js").Figure[]} */
	const figures = [];
	/** @type {import("./parts.js").Series[]} */
	const series = [];
	for (const build of all) {
		const [agent, floor] = [agentOn(build, packed), floorFor(build, packed.body, ETAG)];
		for (const executable of [build.node, build.command[0] ?? build.node]) haveReadAnew(executable);
		const idle = await byTurns(rounds, { agent: () => idleKiB(agent), floor: () => idleKiB(floor) });
		figures.push({
			what: "ready and idle",
			...{ measure: "resident memory", unit: "KiB" },
			subject: build.name,
			reference: `bare floor on Node ${build.nodeVersion}`,
			targets: [{ of: "ratio", atMost: 1.5 }],
			values: { subject: idle.agent, reference: idle.floor },
		});
		const bounded = agentOn(build, packed, { NODE_OPTIONS: BOUNDED });
		for (const [variant, of] of /** @type {const} */ ([
			[agent, build.name],
			[floor, `bare floor on Node ${build.nodeVersion}`],
			[bounded, `${build.name} with NODE_OPTIONS=${BOUNDED}`],
		])) {
			// The others are there to tell what Node.js itself does under load; the binary has the option built in.
			const isJudged = variant === agent;
			if (!isJudged && build !== all[0]) continue;
			const loaded = await underLoad(variant, loadSeconds);
			series.push({ name: of, points: loaded.points });
			figures.push({
				what: `after ${loadSeconds} s of full load, ${CONNECTIONS} connections`,
				...{ measure: "resident memory", unit: "KiB" },
				subject: of,
				reference: "itself, idle",
				targets: !isJudged ? [] : [{ of: "ratio", atMost: 1.25 }],
				values: { subject: [loaded.afterKiB], reference: [loaded.idleKiB] },
			});
		}
	}
	return { figures, missing, series };
}

/**
 * Has the system forget what it holds of a file, as after a boot: how it came to hold it decides how much of it is mapped
 * into every process that runs from it.
 * @param {string} path
 */
function haveReadAnew(path) {
	spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0"], { stdio: "ignore" });
}

/** @param {Variant} variant */
function idleKiB(variant) {
	return withServer(variant, async (server) => {
		await settled();
		return server.residentKiB();
	});
}

/** @param {Variant} variant @param {number} seconds */
function underLoad(variant, seconds) {
	return withServer(variant, async (server) => {
		await settled();
		const idle = server.residentKiB();
		const began = performance.now();
		/** @type {[number, number][]} */
		const points = [[0, 1]];
		const sampling = setInterval(() => {
			points.push([(performance.now() - began) / 1000, server.residentKiB() / idle]);
		}, SAMPLE_MS);
		await lightest().run(`http://127.0.0.1:${server.port}/v1/secrets`, seconds);
		clearInterval(sampling);
		return { idleKiB: idle, afterKiB: server.residentKiB(), points };
	});
}

function settled() {
	return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
