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
const request = Buffer.from(
	`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
);
const uncounted = Math.round(rate * warmUpSeconds);
const counted = Math.round(rate * seconds);
const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 99.99];
const STALL_MS = 1;
const READ_BYTES = 65_536;

// What is not counted takes the same way through the code as what is, else V8 would compile that again in between.
const took = new Float64Array(uncounted + counted);
/** @type {number[]} */
const stalledAt = [];
let [sent, answered, errors] = [0, 0, 0];
/** @type {Connection[]} */
const idle = [];

/** One request at a time, as a client library's pool has it. */
class Connection {
	/** @param {import("node:net").Socket} socket */
	constructor(socket) {
		this.socket = socket;
		this.due = 0;
		this.index = 0;
		this.missing = 0;
		socket.setNoDelay(true);
	}

	/** @param {number} index @param {number} due */
	send(index, due) {
		this.index = index;
		this.due = due;
		this.socket.write(request);
	}

	/** @param {Buffer} chunk */
	receive(chunk) {
		if (this.missing === 0) this.missing = wholeLength(chunk);
		this.missing -= chunk.length;
		if (this.missing > 0) return;
		answered += 1;
		took[this.index] = performance.now() - this.due;
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
	/** @type {Connection | undefined} */
	let connection;
	// Read into one piece of memory: what is thrown away here has to be collected, and while it is, nobody is asked.
	const onread = {
		buffer: Buffer.alloc(READ_BYTES),
		callback: (/** @type {number} */ bytes, /** @type {Uint8Array} */ buffer) => {
			connection?.receive(/** @type {Buffer} */ (buffer).subarray(0, bytes));
			return true;
		},
	};
	const socket = connect({ port: Number(url.port), host: url.hostname, onread });
	await once(socket, "connect");
	connection = new Connection(socket);
	idle.push(connection);
}
const began = performance.now();
let turnedAt = began;
const stopAt = began + (warmUpSeconds + seconds) * 1000 + 5_000;
await new Promise((resolve) => work(() => resolve(undefined)));

/** Sends what is due, and comes again after the answers of this turn; a timer would be a millisecond coarse. @param {() => void} done */
function work(done) {
	const now = performance.now();
	if (answered >= uncounted + counted || now >= stopAt) return done();
	// Not the server's doing: this process did not get to run.
	if (now - turnedAt > STALL_MS) stalledAt.push(now);
	turnedAt = now;
	while (sent < uncounted + counted && idle.length > 0 && dueAt(sent) <= now) {
		idle.shift()?.send(sent, dueAt(sent));
		sent += 1;
	}
	setImmediate(work, done);
}

/** @param {number} index */
function dueAt(index) {
	return began + (index * 1000) / rate;
}

const sorted = took
	.subarray(uncounted)
	.filter((milliseconds) => milliseconds > 0)
	.sort();
const at = (/** @type {number} */ part) => sorted[Math.ceil(part * sorted.length) - 1];
console.log(
	JSON.stringify({
		requests: sorted.length,
		errors: errors + counted + uncounted - answered,
		stalls: stalledAt.filter((at) => at > dueAt(uncounted)).length,
		milliseconds: {
			...Object.fromEntries(PERCENTILES.map((percent) => [`p${percent}`, at(percent / 100)])),
			max: sorted.at(-1),
		},
	}),
);
process.exit();
