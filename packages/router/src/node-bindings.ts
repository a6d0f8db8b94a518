import type { IncomingMessage, ServerResponse } from "node:http";

/** What our node layer passes along with a request. */
export interface NodeBindings {
	readonly incoming: IncomingMessage;
	readonly outgoing: ServerResponse;
	/** What a route gives back when it has written the reply itself. */
	readonly alreadySent: Response;
	/** Which way the request came in; over TCP unless it says otherwise. */
	readonly entrance?: Entrance;
}

/** What a way in makes needless: whoever can open a socket file is on this machine, and may be somebody alone. */
export interface Entrance {
	readonly checksHost: boolean;
	readonly asksToken: boolean;
}

/** The way in over TCP, and of every request that says nothing else. */
export const TCP_ENTRANCE: Entrance = { checksHost: true, asksToken: true };

/** The bindings of a request, where it came through our node layer. */
export function nodeBindings(env: unknown): NodeBindings | undefined {
	return hasNodeBindings(env) ? env : undefined;
}

/** Calls `leave` when the client of a request is gone; the returned function stops that. */
export function whenClientGone(env: unknown, request: Request, leave: () => void): () => void {
	if (!hasNodeBindings(env)) {
		request.signal.addEventListener("abort", leave);
		return () => request.signal.removeEventListener("abort", leave);
	}
	const { incoming, outgoing } = env;
	// Waiting is no stall: a listener keeps the connection from being closed for it.
	outgoing.on("timeout", () => undefined);
	// Not the response's own event: one that waits for its turn on its connection is told of nothing.
	incoming.socket.once("close", leave);
	return () => incoming.socket.off("close", leave);
}

function hasNodeBindings(env: unknown): env is NodeBindings {
	return typeof env === "object" && env !== null && "alreadySent" in env;
}
