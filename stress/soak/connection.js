// One keep-alive connection that asks, judges and asks again, and never tries anything a second time.

import { connect } from "node:net";
import { judge, nextRequest } from "./answer.js";
import { firstAnswer, nowMs, requestText } from "./http.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./answer.js").Asked} Asked */
/** @typedef {import("./answer.js").Route} Route */

/**
 * What all connections share.
 * @typedef {object} Surroundings
 * @property {number} port
 * @property {string} token
 * @property {() => boolean} isLight whether to ask for no whole sets
 * @property {() => boolean} isEnding whether the agent was told to stop, so that it may close connections
 * @property {(route: Route, revision: number | undefined) => void} answered
 * @property {(problem: string) => void} failed
 * @property {(sentMs: number) => void} unanswered the agent closed, while stopping, before the first byte of an
 *   answer to the request of that time
 */

/** An agent that is silent for so long hangs. */
const SILENCE_MS = 10_000;

/**
 * Asks in a closed loop until the agent refuses connections, or until something is wrong.
 * @param {Surroundings} around
 * @param {number} firstTurn where in the mix to begin
 */
export async function keepAsking(around, firstTurn) {
	const connection = new Connection(around, firstTurn);
	while (await connection.open()) await connection.closed();
}

class Connection {
	/** @type {Surroundings} */
	#around;
	#turn = 0;
	/** @type {Asked | undefined} */
	#asked;
	/** @type {string | undefined} */
	#etag;
	#newest = 0;
	#sentMs = 0;
	/** @type {Buffer[]} */
	#chunks = [];
	#received = 0;
	/** How many bytes there must be before a look at them is worth it. */
	#needed = 0;
	/** The agent said that it closes this connection. */
	#isLast = false;
	#isBroken = false;
	/** @type {import("node:net").Socket | undefined} */
	#socket;

	/** @param {Surroundings} around @param {number} firstTurn */
	constructor(around, firstTurn) {
		this.#around = around;
		this.#turn = firstTurn;
	}

	/** @returns {Promise<boolean>} false when this connection's work is over */
	open() {
		if (this.#isBroken) return Promise.resolve(false);
		return new Promise((resolve) => {
			const socket = connect({ host: "127.0.0.1", port: this.#around.port, noDelay: true });
			this.#socket = socket.setTimeout(SILENCE_MS);
			socket.once("connect", () => {
				this.#ask();
				resolve(true);
			});
			socket.on("data", (chunk) => this.#receive(chunk));
			socket.on("timeout", () => this.#break(`silent for ${SILENCE_MS} ms`));
			socket.on("error", (error) => {
				if (!this.#around.isEnding()) this.#break(error.message);
				resolve(false);
			});
		});
	}

	/** Resolves when the agent has closed the connection, or this end has for something wrong. */
	async closed() {
		const socket = this.#socket;
		if (socket !== undefined && !socket.closed) await new Promise((resolve) => socket.once("close", resolve));
		if (this.#isBroken) return;
		if (!this.#around.isEnding()) this.#break("closed by the agent");
		else if (this.#received > 0) this.#break(`cut off after ${this.#received} bytes`);
		else if (this.#asked !== undefined) this.#around.unanswered(this.#sentMs);
		this.#asked = undefined;
		this.#isLast = false;
	}

	#ask() {
		const asked = nextRequest(this.#turn, this.#etag, this.#around.isLight());
		this.#turn += 1;
		this.#asked = asked;
		this.#sentMs = nowMs();
		this.#socket?.write(requestText(asked, this.#around));
	}

	/** @param {Buffer} chunk */
	#receive(chunk) {
		this.#chunks.push(chunk);
		this.#received += chunk.length;
		if (this.#received < this.#needed) return;
		const received = Buffer.concat(this.#chunks);
		const next = firstAnswer(received);
		const asked = this.#asked;
		if (typeof next === "string") return this.#break(next);
		if (asked === undefined) return this.#break("an answer that nobody asked for");
		if (next.length < received.length) return this.#break("bytes after the end of an answer");
		this.#chunks = [received];
		this.#needed = next.length;
		if (next.answer !== undefined) this.#take(asked, next.answer);
	}

	/** @param {Asked} asked @param {Answer} answer */
	#take(asked, answer) {
		this.#chunks = [];
		this.#received = 0;
		this.#needed = 0;
		this.#asked = undefined;
		const { revision, problem } = judge(asked, answer);
		this.#isLast = answer.headers.get("connection") === "close";
		if (problem !== undefined) return this.#break(`${asked.path}: ${problem}`);
		if (revision !== undefined && revision < this.#newest) {
			return this.#break(`${asked.path}: revision ${revision} after ${this.#newest}`);
		}
		if (this.#isLast && !this.#around.isEnding()) return this.#break(`${asked.path}: Connection: close`);
		this.#newest = revision ?? this.#newest;
		if (asked.path === "/v1/secrets") this.#etag = answer.headers.get("etag");
		this.#around.answered(asked.route, revision);
		if (!this.#isLast) this.#ask();
	}

	/** @param {string} problem */
	#break(problem) {
		if (this.#isBroken) return;
		this.#isBroken = true;
		this.#around.failed(problem);
		this.#socket?.destroy();
	}
}
