import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Ending } from "../deliver.js";
import type { ListenLimits } from "./limits.js";

/** Told of each response that was written or whose client is gone; `startedMs` is a reading of `performance.now()`. */
export type ResponseEnded = (response: ServerResponse, startedMs: number) => void;

type ConnectionLimits = Pick<ListenLimits, "maxConnections" | "maxIdleConnections" | "maxPipelined">;

/** One connection, as long as it is open. */
class Connection {
	/** In the order in which they began; an array, since there is one of them almost always. */
	readonly running: ServerResponse[] = [];
	/** Grows from one that became idle to the next; undefined while a response is running. */
	idleSince: number | undefined;
	/** Whether it ends with a response that has begun. */
	isEnding = false;
	isOpen = true;
}

/**
 * The open connections of one server and the responses running on each.
 *
 * Node can only turn new clients away when it has too many; this makes room for them instead, and tells
 * a connection that is still flushing a response from one that is idle, which `http.Server` does not.
 * Each response comes through here, so what happens rarely looks through all of them, and what happens always does not.
 */
export class Connections {
	readonly #open = new Map<Socket, Connection>();
	readonly #limits: ConnectionLimits;
	readonly #ended: ResponseEnded | undefined;
	#idle = 0;
	#becameIdle = 0;
	#draining = false;

	constructor(limits: ConnectionLimits, ended?: ResponseEnded) {
		this.#limits = limits;
		this.#ended = ended;
	}

	/** Takes in a new connection, at the cost of the least useful one when there are too many. */
	admit(socket: Socket): void {
		const { maxConnections, maxIdleConnections } = this.#limits;
		const isFull = this.#open.size >= maxConnections || this.#idle >= maxIdleConnections;
		if (isFull && !this.evict()) {
			socket.destroy();
			return;
		}
		const connection = new Connection();
		this.#open.set(socket, connection);
		this.#setIdle(connection);
		// Each request that waits listens to its connection: more of them are no leak, and how many is bounded.
		socket.setMaxListeners(0);
		socket.once("close", () => {
			// After CONNECT, Node no longer tells requests that wait for their turn; they may hold secrets.
			for (const { req } of connection.running) req.destroy();
			this.#forget(socket, connection);
		});
	}

	/** Closes the connection that has been idle longest, or else one whose client does not read; false when all work. */
	evict(): boolean {
		const victim = this.#longestIdle() ?? this.#stalled();
		if (victim === undefined) return false;
		this.#forget(...victim);
		victim[0].destroy();
		return true;
	}

	/**
	 * Notes that `response` has begun on `socket`; undefined when it shall not be answered, else what is called at its end.
	 *
	 * Node hands over all requests of one read, hundreds of them, before it looks at any other connection. A client
	 * that sends so many at once gets the first ones answered, and its connection closed.
	 */
	begin(socket: Socket, response: ServerResponse): Ending | undefined {
		const connection = this.#open.get(socket);
		if (connection?.isEnding === true) return undefined;
		if (connection !== undefined) this.#run(connection, socket, response);
		if (this.#draining) response.shouldKeepAlive = false;
		const ended = this.#ended;
		const startedMs = ended === undefined ? 0 : performance.now();
		const ending: Ending = { release: undefined };
		// It comes once, so that nothing has to take the listener away.
		response.on("close", () => {
			ending.release?.();
			if (connection !== undefined) this.#finish(connection, socket, response);
			ended?.(response, startedMs);
		});
		return ending;
	}

	/** Whether a response is running on `socket`. */
	isBusy(socket: Socket): boolean {
		return (this.#open.get(socket)?.running.length ?? 0) > 0;
	}

	/**
	 * Closes what is idle, and from now on each connection after its running response. A connection that was just
	 * accepted has often brought its request along, unread: what is idle shows only after the event loop came by.
	 */
	drain(): void {
		this.#draining = true;
		afterNextPoll(() => {
			for (const [socket, { idleSince }] of this.#open) if (idleSince !== undefined) socket.destroy();
		});
		for (const { running } of this.#open.values()) {
			for (const response of running) if (!response.headersSent) response.shouldKeepAlive = false;
		}
	}

	/** Closes everything at once. */
	destroyAll(): void {
		for (const socket of this.#open.keys()) socket.destroy();
	}

	#run(connection: Connection, socket: Socket, response: ServerResponse): void {
		if (connection.idleSince !== undefined) {
			connection.idleSince = undefined;
			this.#idle -= 1;
		}
		connection.running.push(response);
		if (connection.running.length < this.#limits.maxPipelined) return;
		connection.isEnding = true;
		response.shouldKeepAlive = false;
		socket.pause();
	}

	#finish(connection: Connection, socket: Socket, response: ServerResponse): void {
		const { isOpen, running } = connection;
		if (running.at(-1) === response) running.pop();
		else if (running.includes(response)) running.splice(running.indexOf(response), 1);
		if (!isOpen || running.length > 0) return;
		this.#setIdle(connection);
		if (this.#draining) socket.destroySoon();
	}

	#setIdle(connection: Connection): void {
		if (connection.idleSince !== undefined) return;
		connection.idleSince = this.#becameIdle;
		this.#becameIdle += 1;
		this.#idle += 1;
	}

	#forget(socket: Socket, connection: Connection): void {
		if (!connection.isOpen) return;
		connection.isOpen = false;
		this.#open.delete(socket);
		if (connection.idleSince !== undefined) this.#idle -= 1;
	}

	#longestIdle(): [Socket, Connection] | undefined {
		let longest: [Socket, Connection] | undefined;
		let since = Number.POSITIVE_INFINITY;
		for (const entry of this.#open) {
			const { idleSince = Number.POSITIVE_INFINITY } = entry[1];
			if (idleSince >= since) continue;
			since = idleSince;
			longest = entry;
		}
		return longest;
	}

	#stalled(): [Socket, Connection] | undefined {
		for (const entry of this.#open) if (entry[0].writableLength > 0) return entry;
		return undefined;
	}
}

/** Runs `callback` when all that had arrived by now was read: one turn for the poll we may be in, one for the next. */
function afterNextPoll(callback: () => void): void {
	setImmediate(() => setImmediate(callback));
}
