import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Hono } from "hono";
import { malformed } from "../refusal.js";
import type { Reply } from "../reply.js";
import { RawHeaders } from "../request-headers.js";
import { bind } from "./bind.js";
import { bindSocket } from "./bind-socket.js";
import { clientErrorReply, endSocket } from "./client-error.js";
import { Connections, type ResponseEnded } from "./connections.js";
import { createGuard, type Guard, hasBody } from "./guard.js";
import { DEFAULT_LIMITS, type ListenLimits } from "./limits.js";
import { createRespond, type Respond } from "./respond.js";
import { ServedRequest } from "./served-request.js";
import { writeBounded } from "./stall.js";
import { keepTickObject } from "./tick-object.js";

/** Node takes a longer one for none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const EXPECTATION_REFUSED = malformed("The Expect header is not supported; send the request without it.");

/** What every listener may be given. */
export interface ServeOptions {
	readonly limits?: Partial<ListenLimits>;
	/** Told of each request that was answered; it must not block. */
	readonly onRequest?: (request: ServedRequest) => void;
}

/** Where and within which limits to listen. */
export interface ListenOptions extends ServeOptions {
	/** On 127.0.0.1; 0 takes any free port. */
	readonly port: number;
}

/** Which socket file to listen on, and who may use it. */
export interface ListenOnSocketOptions extends ServeOptions {
	/** Of the file; one that an agent left behind is replaced. */
	readonly path: string;
	/** Of the file, such as 0o600: who may connect. */
	readonly mode: number;
	/** Whether those must also know the token. */
	readonly asksToken: boolean;
}

/** A router that is being served. */
export interface Listening {
	/**
	 * Stops accepting, closes idle connections, and cuts what still runs after `graceMs`. Called again, it can
	 * only shorten the wait.
	 */
	close(graceMs: number): Promise<void>;
}

/** One that is served over TCP. */
export interface Listener extends Listening {
	readonly port: number;
}

/**
 * Serves a router on the loopback address, and on nothing else.
 *
 * Rejects with `RouterError` (`CONFIG_INVALID`) when the port cannot be had.
 */
export async function listen(router: Hono, options: ListenOptions): Promise<Listener> {
	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const server = createBoundedServer(limits);
	const port = await bind(server, options.port);
	return {
		port,
		...serve(server, router, { ...options, limits, guard: createGuard(port), asksToken: true }),
	};
}

/**
 * Serves a router on a Unix domain socket.
 *
 * Rejects with `RouterError` (`CONFIG_INVALID`) when the file cannot be made, or another agent listens on it.
 */
export async function listenOnSocket(router: Hono, options: ListenOnSocketOptions): Promise<Listening> {
	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const server = createBoundedServer(limits);
	await bindSocket(server, options);
	return serve(server, router, { ...options, limits, guard: createGuard(undefined) });
}

interface ServeParts extends ServeOptions {
	readonly limits: ListenLimits;
	readonly guard: Guard;
	readonly asksToken: boolean;
}

function serve(server: Server, router: Hono, { asksToken, guard, limits, onRequest }: ServeParts): Listening {
	const connections = new Connections(limits, tellingOf(onRequest));
	keepTickObject(server);
	attach(server, { connections, guard, limits, respond: createRespond(router, asksToken, limits) });
	let stopped: Promise<void> | undefined;
	return {
		close: async (graceMs) => {
			stopped ??= stop(server, connections);
			const cut = setTimeout(() => connections.destroyAll(), Math.min(graceMs, LONGEST_TIMER_MS));
			await stopped;
			clearTimeout(cut);
		},
	};
}

/** Of a response that never began there is nothing to tell. */
function tellingOf(onRequest: ServeOptions["onRequest"]): ResponseEnded | undefined {
	if (onRequest === undefined) return undefined;
	return (response, startedMs) => {
		if (!response.headersSent) return;
		try {
			onRequest(new ServedRequest(response, startedMs));
		} catch (cause) {
			// A sink that throws is the application's fault, and must not cost it its process.
			process.emitWarning("The onRequest sink of a clef listener threw.", {
				code: "CLEF_REQUEST_SINK",
				detail: cause instanceof Error ? cause.name : typeof cause,
			});
		}
	};
}

function createBoundedServer(limits: ListenLimits): Server {
	const server = createServer({
		maxHeaderSize: limits.maxHeaderBytes,
		headersTimeout: limits.headersTimeoutMs,
		requestTimeout: limits.requestTimeoutMs,
		keepAliveTimeout: limits.keepAliveTimeoutMs,
		connectionsCheckingInterval: limits.sweepIntervalMs,
		requireHostHeader: false, // ours to refuse, in JSON
	});
	// Node leaves out what is over 2,000 headers, which may be those to refuse a request for; their bytes are bounded.
	server.maxHeadersCount = 0;
	return server;
}

interface AttachedParts {
	readonly connections: Connections;
	readonly guard: Guard;
	readonly limits: ListenLimits;
	readonly respond: Respond;
}

function attach(server: Server, { connections, guard, limits, respond }: AttachedParts): void {
	const judge = (incoming: IncomingMessage, outgoing: ServerResponse, headers: RawHeaders) => {
		if (hasBody(headers)) outgoing.shouldKeepAlive = false;
		return guard(incoming, headers);
	};
	const refuseExpectation = (incoming: IncomingMessage, outgoing: ServerResponse) => {
		if (connections.begin(incoming.socket, outgoing) === undefined) return;
		const refused = judge(incoming, outgoing, new RawHeaders(incoming.rawHeaders)) ?? EXPECTATION_REFUSED;
		outgoing.shouldKeepAlive = false;
		writeBounded(refused, outgoing, limits);
	};
	server.on("request", (incoming, outgoing) => {
		const ending = connections.begin(incoming.socket, outgoing);
		if (ending === undefined) return;
		const headers = new RawHeaders(incoming.rawHeaders);
		const refused = judge(incoming, outgoing, headers);
		if (refused === undefined) respond(incoming, outgoing, headers, ending);
		else writeBounded(refused, outgoing, limits);
	});
	server.on("checkContinue", refuseExpectation);
	server.on("checkExpectation", refuseExpectation);
	const refuseSocket = (socket: Duplex, refused: Reply) => {
		// Never into the middle of a response that is being written, and never in place of one.
		if (connections.isBusy(socket as Socket)) socket.destroy();
		else endSocket(socket, refused);
	};
	server.on("connect", (incoming: IncomingMessage, socket: Duplex) => {
		refuseSocket(socket, guard(incoming, new RawHeaders(incoming.rawHeaders)) ?? clientErrorReply(undefined));
	});
	server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
		refuseSocket(socket, clientErrorReply(error.code));
	});
	server.on("connection", (socket) => connections.admit(socket));
	// A failed accept: this process has no descriptor left.
	server.on("error", () => connections.evict());
}

async function stop(server: Server, connections: Connections): Promise<void> {
	const stopped = new Promise<void>((resolve) => {
		// The close() of http.Server would also destroy connections whose response is not flushed yet.
		NetServer.prototype.close.call(server, () => resolve());
	});
	connections.drain();
	await stopped;
	server.close(); // ends its timeout sweep
}
