// Sends requests at a fixed rate over kept connections and prints how long they took as JSON, in milliseconds from the
// moment each was due: one that had to wait for a free connection counts its wait, so nothing is left out while the
// server is busy ("coordinated omission").
//
// autocannon has a rate too, but sends a second's requests at the second's beginning, keeps whole milliseconds, and
// makes up for omissions as if each connection sent one request per millisecond; beside a server that answers in a
// quarter of one, that says nothing. wrk has no rate.
// With WARM_UP, so many seconds at the same rate come before and are not counted: this process is slow at first, too.
// Usage: node paced-load.js URL TOKEN RATE SECONDS CONNECTIONS [WARM_UP]

import { once } from "node:events";
import { connect } from "node:net";

const [, , address = "", token, ...numbers] = process.argv;
const [rate = 0, seconds = 0, connections = 0, warmUpSeconds = 0] = numbers.map(Number);
const url = new URL(address);
const request = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
const uncounted = Math.round(rate * warmUpSeconds);
const counted = Math.round(rate * seconds);
const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 99.99];
const STALL_MS = 1;

const took = new Float64Array(counted);
let [sent, answered, kept, errors, stalls] = [0, 0, 0, 0, 0];
/** @type {Connection[]} */
const idle = [];

/** One request at a time, as a client library's pool has it. */
class Connection {
	/** @param {import("node:net").Socket} socket */
	constructor(socket) {
		this.socket = socket;
		this.due = 0;
		this.isCounted = false;
		this.missing = 0;
		socket.setNoDelay(true);
		socket.on("data", (chunk) => this.receive(chunk));
	}

	/** @param {number} due @param {boolean} isCounted */
	send(due, isCounted) {
		this.due = due;
		this.isCounted = isCounted;
		this.socket.write(request);
	}

	/** @param {Buffer} chunk */
	receive(chunk) {
		if (this.missing === 0) this.missing = wholeLength(chunk);
		this.missing -= chunk.length;
		if (this.missing > 0) return;
		answered += 1;
		if (this.isCounted) {
			took[kept] = performance.now() - this.due;
			kept += 1;
		}
		idle.push(this);
	}
}

/**
 * Of an answer that begins here. The head always fits into the first segment on loopback.
 * @param {Buffer} chunk
 */
function wholeLength(chunk) {
	const bodyAt = chunk.indexOf("\r\n\r\n") + 4;
	const head = chunk.toString("latin1", 0, bodyAt);
	const length = /content-length: (\d+)/i.exec(head)?.[1];
	if (length === undefined)
		throw new TypeError("An answer has no Content-Length; nothing else is understood here.");
	if (!head.startsWith("HTTP/1.1 200")) errors += 1;
	return bodyAt + Number(length);
}

for (let n = 0; n < connections; n += 1) {
	const socket = connect(Number(url.port), url.hostname);
	await once(socket, "connect");
	idle.push(new Connection(socket));
}
const began = performance.now();
let turnedAt = began;
const stopAt = began + (warmUpSeconds + seconds) * 1000 + 5_000;
while (answered < uncounted + counted && performance.now() < stopAt) {
	const now = performance.now();
	// Not the server's doing: this process did not get to run.
	if (now - turnedAt > STALL_MS && sent > uncounted) stalls += 1;
	turnedAt = now;
	while (sent < uncounted + counted && idle.length > 0 && dueAt(sent) <= now) {
		idle.shift()?.send(dueAt(sent), sent >= uncounted);
		sent += 1;
	}
	// Answers arrive between two turns; a timer would be a millisecond coarse.
	await new Promise((resolve) => setImmediate(resolve));
}

/** @param {number} index */
function dueAt(index) {
	return began + (index * 1000) / rate;
}

const sorted = took.slice(0, kept).sort();
const at = (/** @type {number} */ part) => sorted[Math.ceil(part * kept) - 1];
console.log(
	JSON.stringify({
		requests: kept,
		errors: errors + counted + uncounted - answered,
		stalls,
		milliseconds: {
			...Object.fromEntries(PERCENTILES.map((percent) => [`p${percent}`, at(percent / 100)])),
			max: sorted.at(-1),
		},
	}),
);
process.exit();
