// A client that asks for many whole sets at once and reads none of them until the artifact was replaced. What the
// system's buffers do not take, the agent must keep for it, though the secrets it serves are others by then.

import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { judge } from "./answer.js";
import { firstAnswer, nowMs, requestText } from "./http.js";

/** @typedef {import("./connection.js").Surroundings} Surroundings */
/** @typedef {import("./answer.js").Asked} Asked */

/** So many of the big bodies are twice what loopback takes without a reader. */
const AT_ONCE = 16;
/** Longer than a revision lasts. */
const UNREAD_MS = 1_500;
/** After so long without a byte the agent hangs. */
const SILENCE_MS = 10_000;

/** @type {Asked} */
const WHOLE_SET = { route: "secrets", path: "/v1/secrets", key: "", etag: undefined };

/**
 * Asks and dawdles, batch after batch, until it is told to end.
 * @param {Surroundings} around
 * @param {number} afterMs when to begin
 * @param {AbortSignal} signal
 */
export async function readSlowly(around, afterMs, signal) {
	await pause(afterMs);
	const reader = new SlowReader(around);
	while (!signal.aborted && !reader.hasFailed) {
		reader.ask(AT_ONCE);
		await pause(UNREAD_MS);
		await reader.read();
	}
	reader.close();
}

/** One connection whose answers stay where they are until they are read. */
export class SlowReader {
	hasFailed = false;
	/** @type {Surroundings} */
	#around;
	/** @type {import("node:net").Socket} */
	#socket;
	/** @type {AsyncIterator<Buffer>} */
	#chunks;
	#newest = 0;
	#unread = 0;
	/** When it began to read, and when bytes came last. */
	#beganMs = 0;
	#gotMs = 0;

	/** @param {Surroundings} around */
	constructor(around) {
		const socket = connect({ host: "127.0.0.1", port: around.port });
		socket.setTimeout(SILENCE_MS, () => socket.destroy(new RangeError(`silent for ${SILENCE_MS} ms`)));
		socket.on("error", () => {
			// Told by the next read, too, which need not have begun.
		});
		this.#around = around;
		this.#socket = socket;
		// It takes no more than its own small buffer until the next chunk is asked for.
		this.#chunks = socket[Symbol.asyncIterator]();
	}

	/** @param {number} times */
	ask(times) {
		this.#unread += times;
		this.#socket.write(requestText(WHOLE_SET, this.#around).repeat(times));
	}

	/** Reads and judges every answer that was asked for. */
	async read() {
		this.#beganMs = nowMs();
		try {
			await this.#readAll();
		} catch (error) {
			this.hasFailed = true;
			const progress = `${this.#socket.bytesRead} bytes received, the last of them ${msSince(this.#gotMs)} ago`;
			const message = error instanceof Error ? error.message : error;
			this.#around.failed(
				`slow reader: ${message}; began to read ${msSince(this.#beganMs)} ago, ${progress}`,
			);
		}
	}

	close() {
		this.#socket.destroy();
	}

	async #readAll() {
		/** @type {Buffer} */
		let received = Buffer.alloc(0);
		while (this.#unread > 0) {
			const next = firstAnswer(received);
			if (typeof next === "string") throw new TypeError(next);
			if (next.answer !== undefined) {
				this.#take(next.answer);
				received = received.subarray(next.length);
				continue;
			}
			const more = [received];
			for (let left = next.length - received.length; left > 0; left -= more.at(-1)?.length ?? 0) {
				const { done, value } = await this.#chunks.next();
				if (done) throw new TypeError(`closed by the agent with ${left} bytes missing`);
				more.push(value);
				this.#gotMs = nowMs();
			}
			received = Buffer.concat(more);
		}
		if (received.length > 0) throw new RangeError(`${received.length} bytes too many`);
	}

	/** @param {import("./answer.js").Answer} answer */
	#take(answer) {
		const { revision = Number.NaN, problem } = judge(WHOLE_SET, answer);
		if (problem !== undefined) throw new TypeError(problem);
		if (revision < this.#newest) throw new RangeError(`revision ${revision} after ${this.#newest}`);
		this.#newest = revision;
		this.#unread -= 1;
		this.#around.answered("secrets", revision);
	}
}

/** @param {number} ms */
function msSince(ms) {
	return `${Math.round(nowMs() - ms)} ms`;
}
