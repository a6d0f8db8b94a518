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

/** @param {Variant} variant */
function startedAndLoaded(variant) {
	return withServer(variant, async (server) => {
		const { requests, seconds } = await autocannon(server.url("/v1/secrets"), SECONDS).served;
		return { startMs: server.startMs, perSecond: requests / seconds };
	});
}
