import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import { nodeBindings } from "./node-bindings.js";
import type { RequestHeaders } from "./request-headers.js";
import { encodedPath } from "./request-target.js";

/** All that the checks and routes read of a request, however it came in. */
export interface RouteRequest {
	readonly method: string;
	/** As it was sent, still percent-encoded, without the query: names may hold an encoded slash. */
	readonly path: string;
	readonly headers: RequestHeaders;
	/** Whom the request was addressed to; undefined where our listener's guard has looked at that. */
	readonly hostToCheck: string | undefined;
	/** False where whoever can connect is trusted. */
	readonly asksToken: boolean;
	/** The first value of a query parameter. */
	query(name: string): string | undefined;
	/** Calls `leave` when the client is gone; the returned function stops that. */
	whenGone(leave: () => void): () => void;
}

/** A request as Hono holds it. */
export function requestOf(c: Context): RouteRequest {
	const { raw } = c.req;
	const bindings = nodeBindings(c.env);
	return {
		method: raw.method,
		// Not Hono's, which an application around ours may have decoded.
		path: encodedPath(raw),
		headers: raw.headers,
		hostToCheck: bindings === undefined ? (raw.headers.get("host") ?? new URL(raw.url).host) : undefined,
		asksToken: bindings?.asksToken !== false,
		query: (name) => c.req.query(name),
		whenGone: (leave) => (bindings ? whenClientGone(bindings, leave) : whenAborted(raw.signal, leave)),
	};
}

/** The part of {@link RouteRequest.whenGone} that knows Node. */
export function whenClientGone(
	{ incoming, outgoing }: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse },
	leave: () => void,
): () => void {
	// Waiting is no stall: a listener keeps the connection from being closed for it. Not reading the answer is one.
	const stay = (): void => undefined;
	outgoing.on("timeout", stay);
	// Not the response's own event: one that waits for its turn on its connection is told of nothing.
	incoming.socket.once("close", leave);
	return () => {
		outgoing.off("timeout", stay);
		incoming.socket.off("close", leave);
	};
}

function whenAborted(signal: AbortSignal, leave: () => void): () => void {
	signal.addEventListener("abort", leave);
	return () => signal.removeEventListener("abort", leave);
}
