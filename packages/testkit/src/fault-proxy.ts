import { once } from "node:events";
import {
	createServer,
	type IncomingMessage,
	type OutgoingHttpHeaders,
	request as openRequest,
	type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** What happens to the requests to come. */
export type FaultMode =
	| { readonly kind: "pass" }

	/** Nothing listens. */
	| { readonly kind: "refuse" }

	/** The connection is reset after that many bytes of the answer, its head included. */
	| { readonly kind: "reset"; readonly afterBytes: number }

	/** The connection is closed after that many bytes of the body. */
	| { readonly kind: "cut"; readonly afterBytes: number }

	/** The answer waits for `release`. */
	| { readonly kind: "hang" }

	/** The head and the first byte of the body come, the rest waits for `release`. */
	| { readonly kind: "dribble" }

	/** The place itself is not asked. */
	| { readonly kind: "status"; readonly status: number; readonly headers?: OutgoingHttpHeaders };

/** One request that came through, and what its answer took on the wire. */
export interface Exchange {
	readonly method: string;
	readonly url: string;
	readonly status: number;

	/** Head and body. */
	readonly responseBytes: number;
}

/** Stands in front of a server on loopback and lets its answers go wrong on the way. */
export interface FaultProxy {
	/** The origin to ask instead of the server's. */
	readonly url: string;

	/** What was passed on whole, oldest first. */
	readonly exchanges: readonly Exchange[];

	/** Resolves when every later request meets this mode, but for the first `passing` ones, which come through. */
	become(mode: FaultMode, passing?: number): Promise<void>;

	/** Resolves the next time an answer is held back. */
	nextHeld(): Promise<void>;

	/** Lets go of everything held back. */
	release(): void;

	/** Cuts all connections and stops; the server behind it stays. */
	close(): Promise<void>;
}

/** Starts a proxy in front of the server at this origin; it passes everything until it is told otherwise. */
export async function startFaultProxy(origin: string): Promise<FaultProxy> {
	const proxy = new LoopbackProxy(origin);
	await proxy.listen();
	return proxy;
}

/** An answer of the server behind, read to its end. */
interface Answer {
	readonly head: string;
	readonly body: Buffer;
}

class LoopbackProxy implements FaultProxy {
	readonly exchanges: Exchange[] = [];
	readonly #origin: string;
	readonly #server = createServer((request, response) => {
		this.#serve(request, response).catch(() => response.destroy());
	});
	readonly #held: (() => void)[] = [];
	readonly #waiting: (() => void)[] = [];
	#mode: FaultMode = { kind: "pass" };
	#passing = 0;
	#port = 0;

	constructor(origin: string) {
		this.#origin = origin;
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	async listen(): Promise<void> {
		this.#port = await listenOnLoopback(this.#server, this.#port);
	}

	async become(mode: FaultMode, passing = 0): Promise<void> {
		const { listening } = this.#server;
		this.#mode = mode;
		this.#passing = passing;
		if (mode.kind === "refuse" && listening) await closeServer(this.#server);
		else if (mode.kind !== "refuse" && !listening) await this.listen();
	}

	nextHeld(): Promise<void> {
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	release(): void {
		for (const resolve of this.#held.splice(0)) resolve();
	}

	async close(): Promise<void> {
		this.release();
		if (this.#server.listening) await closeServer(this.#server);
	}

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const mode = this.#mode;
		const { socket } = request;
		if (mode.kind === "pass" || this.#passing-- > 0) return this.#pass(request, response);
		if (mode.kind === "status") {
			request.resume();
			response.writeHead(mode.status, mode.headers).end();
			return;
		}
		const { head, body } = await this.#ask(request);
		if (mode.kind === "reset") {
			const answer = Buffer.concat([Buffer.from(head), body]).subarray(0, mode.afterBytes);
			await written(socket, answer);
			socket.resetAndDestroy();
			return;
		}
		if (mode.kind === "hang") await this.#hold();
		await written(socket, Buffer.from(head));
		const first = mode.kind === "cut" ? mode.afterBytes : mode.kind === "dribble" ? 1 : body.length;
		await written(socket, body.subarray(0, first));
		if (mode.kind === "dribble") {
			await this.#hold();
			await written(socket, body.subarray(1));
		}
		socket.end();
	}

	async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { socket } = response;
		const before = socket?.bytesWritten ?? 0;
		const answer = await this.#forward(request);
		const { statusCode = 502, rawHeaders } = answer;
		response.sendDate = false;
		response.writeHead(statusCode, rawHeaders);
		answer.pipe(response);
		await once(response, "finish");
		const { method = "", url = "" } = request;
		const responseBytes = (socket?.bytesWritten ?? 0) - before;
		this.exchanges.push({ method, url, status: statusCode, responseBytes });
	}

	async #ask(request: IncomingMessage): Promise<Answer> {
		const answer = await this.#forward(request);
		const body = await buffer(answer);
		const { statusCode, statusMessage, headers } = answer;
		const lines = Object.entries(headers).filter(([name]) => !/^(transfer-encoding|connection)$/.test(name));
		const length = headers["content-length"] === undefined ? [["content-length", body.length]] : [];
		const fields = [...lines, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join("");
		return { head: `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${fields}\r\n`, body };
	}

	/** Headers stay as they came, `Host` included: a signature may cover it. */
	async #forward(request: IncomingMessage): Promise<IncomingMessage> {
		const { method, url, rawHeaders } = request;
		const forwarded = openRequest(this.#origin + url, { method, headers: rawHeaders, agent: false });
		request.pipe(forwarded);
		const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
		return answer;
	}

	#hold(): Promise<void> {
		for (const resolve of this.#waiting.splice(0)) resolve();
		return new Promise((resolve) => this.#held.push(resolve));
	}
}

/** Resolves when the bytes are handed to the system, or when nobody is there to take them. */
function written(socket: Socket, bytes: Uint8Array): Promise<void> {
	return new Promise((resolve) => {
		if (socket.destroyed) resolve();
		else socket.write(bytes, () => resolve());
	});
}
