import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Ending } from "../deliver.js";
import type { ListenLimits } from "./limits.js";

/** Told of each response that was written or whose client is gone; `startedMs` is a reading of `performance.now()`. */
export type ResponseEnded = (response: ServerResponse, startedMs: number) => void;

type ConnectionLimits = Pick<ListenLimits, "maxConnections" | "maxIdleConnections" | "maxPipelined">;

/**
 * The open connections of one server and the responses running on each.
 *
 * Node can only turn new clients away when it has too many; this makes room for them instead, and tells
 * a connection that is still flushing a response from one that is idle, which `http.Server` does not.
 */
export class Connections {
	readonly #running = new Map<Socket, Set<ServerResponse>>();
	/** In the order in which they became idle. */
	readonly #idle = new Set<Socket>();
	/** Those that end with a response that has begun. */
	readonly #ending = new WeakSet<Socket>();
	readonly #limits: ConnectionLimits;
	readonly #ended: ResponseEnded | undefined;
	#draining = false;

	constructor(limits: ConnectionLimits, ended?: ResponseEnded) {
		this.#limits = limits;
		this.#ended = ended;
	}

	/** Takes in a new connection, at the cost of the least useful one when there are too many. */
	admit(socket: Socket): void {
		const { maxConnections, maxIdleConnections } = this.#limits;
		const isFull = this.#running.size >= maxConnections || this.#idle.size >= maxIdleConnections;
		if (isFull && !this.evict()) {
			socket.destroy();
			return;
		}
		this.#running.set(socket, new Set());
		this.#idle.add(socket);
		// Each request that waits listens to its connection: more of them are no leak, and how many is bounded.
		socket.setMaxListeners(0);
		socket.once("close", () => {
			// After CONNECT, Node no longer tells requests that wait for their turn; they may hold secrets.
			for (const { req } of this.#running.get(socket) ?? []) req.destroy();
			this.#running.delete(socket);
			this.#idle.delete(socket);
		});
	}

	/** Closes the connection that has been idle longest, or else one whose client does not read; false when all work. */
	evict(): boolean {
		const [longestIdle] = this.#idle;
		const victim = longestIdle ?? this.#stalled();
		if (victim === undefined) return false;
		this.#idle.delete(victim);
		this.#running.delete(victim);
		victim.destroy();
		return true;
	}

	/**
	 * Notes that `response` has begun on `socket`; undefined when it shall not be answered, else what is called at its end.
	 *
	 * Node hands over all requests of one read, hundreds of them, before it looks at any other connection. A client
	 * that sends so many at once gets the first ones answered, and its connection closed.
	 */
	begin(socket: Socket, response: ServerResponse): Ending | undefined {
		if (this.#ending.has(socket)) return undefined;
		const responses = this.#running.get(socket);
		this.#idle.delete(socket);
		responses?.add(response);
		if (responses !== undefined && responses.size >= this.#limits.maxPipelined) {
			this.#ending.add(socket);
			response.shouldKeepAlive = false;
			socket.pause();
		}
		if (this.#draining) response.shouldKeepAlive = false;
		const ended = this.#ended;
		const startedMs = ended === undefined ? 0 : performance.now();
		const ending: Ending = { release: undefined };
		// It comes once, so that nothing has to take the listener away.
		response.on("close", () => {
			ending.release?.();
			this.#finish(socket, response);
			ended?.(response, startedMs);
		});
		return ending;
	}

	/** Whether a response is running on `socket`. */
	isBusy(socket: Socket): boolean {
		return (this.#running.get(socket)?.size ?? 0) > 0;
	}

	/**
	 * Closes what is idle, and from now on each connection after its running response. A connection that was just
	 * accepted has often brought its request along, unread: what is idle shows only after the event loop came by.
	 */
	drain(): void {
		this.#draining = true;
		afterNextPoll(() => {
			for (const socket of this.#idle) socket.destroy();
		});
		for (const responses of this.#running.values()) {
			for (const response of responses) if (!response.headersSent) response.shouldKeepAlive = false;
		}
	}

	/** Closes everything at once. */
	destroyAll(): void {
		for (const socket of this.#running.keys()) socket.destroy();
	}

	#finish(socket: Socket, response: ServerResponse): void {
		const responses = this.#running.get(socket);
		responses?.delete(response);
		if (responses === undefined || responses.size > 0) return;
		this.#idle.add(socket);
		if (this.#draining) socket.destroySoon();
	}

	#stalled(): Socket | undefined {
		for (const socket of this.#running.keys()) if (socket.writableLength > 0) return socket;
		return undefined;
	}
}

/** Runs `callback` when all that had arrived by now was read: one turn for the poll we may be in, one for the next. */
function afterNextPoll(callback: () => void): void {
	setImmediate(() => setImmediate(callback));
}
