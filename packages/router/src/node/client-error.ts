import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { malformed, refusal } from "../refusal.js";
import { METHOD_NOT_ALLOWED } from "../refuse-method.js";
import type { Reply } from "../reply.js";

const NOT_HTTP = malformed("The request is not valid HTTP/1.1.");
const TOO_LARGE = refusal(
	431,
	"REQUEST_TOO_LARGE",
	"The request's headers are too large; send less than 16 KB.",
);
const TOO_SLOW = refusal(408, "REQUEST_TIMEOUT", "The request took too long to arrive; send it again.");

const BY_CODE = new Map<string | undefined, Reply>([
	["HPE_HEADER_OVERFLOW", TOO_LARGE],
	["HPE_INVALID_METHOD", METHOD_NOT_ALLOWED],
	["ERR_HTTP_REQUEST_TIMEOUT", TOO_SLOW],
]);

/** What to say to a client whose request never became one; `code` is the parser's. */
export function clientErrorReply(code: string | undefined): Reply {
	return BY_CODE.get(code) ?? NOT_HTTP;
}

/** Writes `reply` straight to a socket that has no response object, and closes it. */
export function endSocket(socket: Duplex, reply: Reply): void {
	// After CONNECT nobody else listens: without this, a client that is gone before its answer ends the process.
	socket.on("error", () => socket.destroy());
	if (!socket.writable) {
		socket.destroy();
		return;
	}
	const headers = Object.entries({ ...reply.headers, Connection: "close" });
	const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	const text = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}\r\n${head}\r\n${reply.body}`;
	socket.end(text, () => socket.destroy());
}
