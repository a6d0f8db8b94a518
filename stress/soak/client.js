// The load, as a process of its own: what it measures must not wait for the event loop of the test.
// Arguments: port and number of connections; the token comes in the environment.

import { setTimeout as pause } from "node:timers/promises";
import { keepAsking } from "./connection.js";
import { nowMs } from "./http.js";
import { readSlowly, SlowReader } from "./slow-reader.js";

/** @typedef {import("./answer.js").Route} Route */

/**
 * What was counted; `unansweredSentMs` tells when each request was sent that a stopping agent left.
 * @typedef {{ requests: Record<Route, number>, failures: number, unansweredSentMs: number[] }} Tally
 */

/**
 * What the parent asks for at the end, in this order. First whole sets are left alone, for the last artifact's are
 * large: 32 at once would outlast the agent's patience on a busy machine, and a batch that it stops in would rightly
 * be cut. Then one of them is asked for and left unread, and the agent may close connections.
 * @typedef {"light" | "agentStops"} Phase
 */

/**
 * What this process tells its parent; times in milliseconds of the machine's monotonic clock.
 * @typedef {{ kind: "firstServed", revision: number, atMs: number } | { kind: "failed", problem: string }
 *   | { kind: "reached", phase: Phase } | { kind: "tally", tally: Tally }} Message
 */

/** A broken agent breaks every connection in the same way; a few of them tell all there is. */
const TOLD_FAILURES = 10;

/** @type {Tally} */
const tally = {
	requests: { secrets: 0, flat: 0, conditional: 0, key: 0, keys: 0, health: 0, ready: 0 },
	failures: 0,
	unansweredSentMs: [],
};
let newest = 0;
let ending = false;

const hurry = new AbortController();

const around = {
	port: Number(process.argv[2]),
	token: process.env.SOAK_TOKEN ?? "",
	isLight: () => hurry.signal.aborted,
	isEnding: () => ending,
	/** @param {Route} route @param {number | undefined} revision */
	answered: (route, revision) => {
		tally.requests[route] += 1;
		if (revision === undefined || revision <= newest) return;
		newest = revision;
		tell({ kind: "firstServed", revision, atMs: nowMs() });
	},
	/** @param {string} problem */
	failed: (problem) => {
		tally.failures += 1;
		if (tally.failures <= TOLD_FAILURES) tell({ kind: "failed", problem });
	},
	/** @param {number} sentMs */
	unanswered: (sentMs) => {
		tally.unansweredSentMs.push(sentMs);
	},
};

/** When the slow readers begin, in milliseconds: whenever a big body is served, one of them asks for it. */
const SLOW_READERS_MS = [0, 750];

const slowReaders = Promise.all(SLOW_READERS_MS.map((afterMs) => readSlowly(around, afterMs, hurry.signal)));
/** Long enough for an answer to fill the buffers on its way, and for a signal to be acted on. */
const HELD_MS = 300;
let heldAnswer = Promise.resolve();
process.on("message", async (/** @type {Phase} */ phase) => {
	if (phase === "light") {
		hurry.abort();
		await slowReaders;
		tell({ kind: "reached", phase });
		return;
	}
	const reader = new SlowReader(around);
	reader.ask(1);
	await pause(HELD_MS);
	heldAnswer = pause(HELD_MS).then(() => reader.read());
	ending = true;
	tell({ kind: "reached", phase });
});
// Without a parent there is nobody to load the agent for.
process.once("disconnect", () => process.exit());
await Promise.all(
	Array.from({ length: Number(process.argv[3]) }, (_, index) => keepAsking(around, index * 7)),
);
await heldAnswer;
// Disconnected only once it is told: what is still in the pipe would be lost.
process.send?.({ kind: "tally", tally }, () => process.disconnect());

/** @param {Message} message */
function tell(message) {
	process.send?.(message);
}
