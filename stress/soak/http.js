// As much of HTTP/1.1 as the agent speaks: one request's text, and one answer off the bytes that came.

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./answer.js").Asked} Asked */

const HEAD_END = "\r\n\r\n";

/** Of the machine's monotonic clock, which all processes share. */
export function nowMs() {
	return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * The text of a request.
 * @param {Asked} asked
 * @param {{ port: number, token: string }} agent
 */
export function requestText({ path, etag }, { port, token }) {
	const condition = etag === undefined ? "" : `If-None-Match: ${etag}\r\n`;
	return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n${condition}\r\n`;
}

/**
 * The answer at the beginning of these bytes, and how many of them it takes; no answer while some are missing,
 * and a sentence when they are none.
 * @param {Buffer} received
 * @returns {{ answer?: Answer, length: number } | string}
 */
export function firstAnswer(received) {
	const headEnd = received.indexOf(HEAD_END);
	if (headEnd === -1) return { length: received.length + 1 };
	const [statusLine = "", ...lines] = received.toString("latin1", 0, headEnd).split("\r\n");
	const headers = new Map(lines.map(headerOf));
	const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
	if (Number.isNaN(status)) return `no HTTP: ${statusLine}`;
	const bodyLength = status === 304 ? 0 : Number(headers.get("content-length"));
	if (Number.isNaN(bodyLength)) return "no Content-Length";
	const start = headEnd + HEAD_END.length;
	const length = start + bodyLength;
	if (received.length < length) return { length };
	return { answer: { status, headers, body: received.subarray(start, length) }, length };
}

/** @param {string} line @returns {[string, string]} */
function headerOf(line) {
	const colon = line.indexOf(":");
	return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
