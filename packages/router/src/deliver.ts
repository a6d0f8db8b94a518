import type { IncomingMessage, ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Reply } from "./reply.js";

/** What the node layer passes along with a request. */
interface NodeBindings {
	readonly incoming: IncomingMessage;
	readonly outgoing: ServerResponse;
}

/**
 * The one way out for every reply.
 *
 * On Node the body's bytes go to the socket as they are: a `Response` would copy them, and with them the
 * secrets. Elsewhere the copy is what makes the response independent of the agent's buffer.
 */
export function deliver(reply: Reply, env: unknown): Response {
	if (!hasNodeBindings(env)) return toResponse(reply);
	const { incoming, outgoing } = env;
	if (incoming.destroyed || outgoing.destroyed) {
		// The client left while we waited for the agent: there is nobody to write to.
		reply.release?.();
		return RESPONSE_ALREADY_SENT;
	}
	if (reply.release !== undefined) releaseWhenSent(reply.release, incoming, outgoing);
	writeReply(reply, outgoing);
	return RESPONSE_ALREADY_SENT;
}

/** Writes a complete reply. */
export function writeReply(reply: Reply, outgoing: ServerResponse): void {
	outgoing.writeHead(reply.status, reply.headers);
	outgoing.end(reply.body);
}

/** A web-standard response, with a copy of the body. */
export function toResponse(reply: Reply): Response {
	try {
		const body = typeof reply.body === "object" ? (reply.body as Uint8Array<ArrayBuffer> | null) : reply.body;
		return new Response(body, { status: reply.status, headers: reply.headers });
	} finally {
		reply.release?.();
	}
}

/** Releases once the last byte has left, or the connection is gone. */
function releaseWhenSent(release: () => void, incoming: IncomingMessage, outgoing: ServerResponse): void {
	let held = true;
	const once = () => {
		if (held) release();
		held = false;
	};
	outgoing.once("close", once);
	if (outgoing.socket !== null) return;
	// A pipelined response waiting for its turn is not told when the connection dies; its request is.
	incoming.once("close", () => {
		if (outgoing.socket === null) once();
	});
}

function hasNodeBindings(env: unknown): env is NodeBindings {
	return typeof env === "object" && env !== null && "outgoing" in env;
}
