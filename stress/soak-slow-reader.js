// A client that asks for many whole sets at once and reads none of them until the artifact was replaced. What the
// system's buffers do not take, the agent must keep for it, though the secrets it serves are others by then.

import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { judge } from "./soak-answer.js";
import { firstAnswer, requestText } from "./soak-http.js";

/** @typedef {import("./soak-connection.js").Surroundings} Surroundings */
/** @typedef {import("./soak-answer.js").Asked} Asked */

/** So many of the big bodies are twice what loopback takes without a reader. */
const AT_ONCE = 16;
/** Longer than a revision lasts. */
const UNREAD_MS = 1_500;

/** @type {Asked} */
const WHOLE_SET = { route: "secrets", path: "/v1/secrets", key: "", etag: undefined };

/** After so long without a byte the agent hangs. */
const SILENCE_MS = 10_000;

/**
 * Asks and dawdles, batch after batch, until it is told to end: a batch that the agent stops in would be cut.
 * @param {Surroundings} around
 * @param {number} afterMs when to begin
 * @param {AbortSignal} signal
 */
export async function readSlowly(around, afterMs, signal) {
	await pause(afterMs);
	const socket = connect({ host: "127.0.0.1", port: around.port });
	socket.setTimeout(SILENCE_MS, () => socket.destroy(new RangeError(`silent for ${SILENCE_MS} ms`)));
	// It reads no further than its own buffer goes until the next chunk is asked for.
	const chunks = socket[Symbol.asyncIterator]();
	try {
		let newest = 0;
		while (!signal.aborted) {
			socket.write(requestText(WHOLE_SET, around).repeat(AT_ONCE));
			await pause(UNREAD_MS);
			newest = await readBatch(chunks, around, newest);
		}
	} catch (error) {
		around.failed(`slow reader: ${error instanceof Error ? error.message : error}`);
	} finally {
		socket.destroy();
	}
}

/**
 * @param {AsyncIterator<Buffer>} chunks
 * @param {Surroundings} around
 * @param {number} newest the newest revision that this connection has seen
 * @returns {Promise<number>} the newest one now
 */
async function readBatch(chunks, around, newest) {
	/** @type {Buffer} */
	let received = Buffer.alloc(0);
	let seen = newest;
	let left = AT_ONCE;
	while (left > 0) {
		const next = firstAnswer(received);
		if (typeof next === "string") throw new TypeError(next);
		if (next === undefined) {
			const { done, value } = await chunks.next();
			if (done) throw new TypeError("closed by the agent");
			received = Buffer.concat([received, value]);
			continue;
		}
		const { revision = Number.NaN, problem } = judge(WHOLE_SET, next.answer);
		if (problem !== undefined) throw new TypeError(problem);
		if (revision < seen) throw new RangeError(`revision ${revision} after ${seen}`);
		seen = revision;
		left -= 1;
		around.answered("secrets", revision);
		received = received.subarray(next.length);
	}
	if (received.length > 0) throw new RangeError(`${received.length} bytes too many`);
	return seen;
}
