import type { IncomingMessage, ServerResponse } from "node:http";
import { nodeBindings } from "./node-bindings.js";
import type { OpenStream } from "./push/stream.js";
import type { Reply } from "./reply.js";

/**
 * The one way out for every reply.
 *
 * On Node the body's bytes go to the socket as they are: a `Response` would copy them, and with them the
 * secrets. Elsewhere the copy is what makes the response independent of the agent's buffer.
 */
export function deliver(reply: Reply, env: unknown): Response {
	const bindings = nodeBindings(env);
	if (bindings === undefined) return toResponse(reply);
	send(reply, bindings.incoming, bindings.outgoing);
	return bindings.alreadySent;
}

/**
 * What somebody calls who listens for the end of a response already, whether it was written or its client is gone: a second
 * listener costs each response more than this.
 */
export interface Ending {
	release: (() => void) | undefined;
}

/** Writes a reply to Node's response, if its client is still there. */
export function send(
	reply: Reply,
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	ending?: Ending,
): void {
	if (incoming.destroyed || outgoing.destroyed) {
		// The client left while we waited for the agent: there is nobody to write to.
		reply.release?.();
		return;
	}
	if (reply.release !== undefined) releaseWhenSent(reply.release, incoming, outgoing, ending);
	writeReply(reply, outgoing);
}

/** Writes a complete reply. */
export function writeReply(reply: Reply, outgoing: ServerResponse): void {
	outgoing.writeHead(reply.status, reply.headers);
	if (reply.stream === undefined) outgoing.end(reply.body);
	else writeStream(reply.stream, outgoing);
}

function writeStream(open: OpenStream, outgoing: ServerResponse): void {
	const forget = open({
		write: (bytes) => void outgoing.write(bytes),
		get backlog() {
			return outgoing.writableLength;
		},
		end: () => void outgoing.end(),
		cut: () => void outgoing.destroy(),
	});
	outgoing.once("close", forget);
}

/** A web-standard response, with a copy of the body. */
export function toResponse(reply: Reply): Response {
	try {
		const body = reply.stream === undefined ? reply.body : readable(reply.stream);
		return new Response(body as ConstructorParameters<typeof Response>[0], {
			status: reply.status,
			headers: reply.headers,
		});
	} finally {
		reply.release?.();
	}
}

/** Releases once the last byte has left, or the connection is gone. */
function releaseWhenSent(
	release: () => void,
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	ending: Ending | undefined,
): void {
	// A listener that is taken away once it was called costs more than one that may be called again.
	if (ending === undefined) outgoing.on("close", release);
	else ending.release = release;
	if (outgoing.socket !== null) return;
	// A pipelined response waiting for its turn is not told when the connection dies; its request is.
	incoming.once("close", () => {
		if (outgoing.socket === null) release();
	});
}

/** A stream that holds what its reader has not asked for yet. */
function readable(open: OpenStream): ReadableStream<Uint8Array> {
	let forget: () => void = () => undefined;
	return new ReadableStream<Uint8Array>(
		{
			start: (controller) => {
				forget = open({
					write: (bytes) => controller.enqueue(bytes),
					get backlog() {
						return Math.max(0, -(controller.desiredSize ?? 0));
					},
					end: () => controller.close(),
					cut: () => controller.error(new TypeError("The client did not read.")),
				});
			},
			cancel: () => forget(),
		},
		new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
	);
}
