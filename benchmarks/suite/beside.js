// One variant beside another, for measurements whose ratios are printed and not kept.

import { ratiosOf } from "./figures.js";
import { autocannon } from "./load.js";
import { byTurns } from "./rounds.js";
import { withServer } from "./server.js";

/** @typedef {import("./server.js").Variant} Variant */

const SECONDS = 3;

/**
 * Ratios of two variants, round by round: of the time to the first answer, and of the requests per second from then on.
 * What is slow in a process's first seconds counts as well.
 * @param {number} rounds
 * @param {Variant} subject
 * @param {Variant} reference
 * @returns {Promise<{ starts: number[], requests: number[] }>}
 */
export async function beside(rounds, subject, reference) {
	const taken = await byTurns(rounds, {
		subject: () => startedAndLoaded(subject),
		reference: () => startedAndLoaded(reference),
	});
	/** @param {"startMs" | "perSecond"} value */
	const ratios = (value) =>
		ratiosOf(
			taken.subject.map((one) => one[value]),
			taken.reference.map((one) => one[value]),
		);
	return { starts: ratios("startMs"), requests: ratios("perSecond") };
}

/**
 * How many requests for all secrets a server on this port answers per second, asked as fast as it answers.
 * @param {number} port
 * @param {number} seconds
 */
export async function requestsPerSecond(port, seconds) {
	const served = await autocannon(`http://127.0.0.1:${port}/v1/secrets`, seconds);
	return served.requests / served.seconds;
}

/** @param {Variant} variant */
function startedAndLoaded(variant) {
	return withServer(variant, async ({ port, startMs }) => {
		return { startMs, perSecond: await requestsPerSecond(port, SECONDS) };
	});
}
