import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { closeServer, listenOnLoopback } from "./loopback.js";

/** A payload, flat or in namespaces. */
export type Payload = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** What kind of agent to play. */
export interface FakeAgentOptions {
	/** Without it there is no `/v1/events`, as in agents that are older. */
	readonly hasPush?: boolean;
	/** Without it `wait` is passed over, as in agents that are older. */
	readonly hasWait?: boolean;
}

/** A request as it came in. */
export interface FakeRequest {
	readonly line: string;
	readonly headers: IncomingMessage["headers"];
}

interface Revision {
	readonly revision: string;
	readonly payload: Payload;
}

type Reason = "not_loaded" | "cache_expired" | "artifact_expired" | "revoked";

/** The token it asks for unless a test changes it. */
export const TOKEN = "a-token-of-enough-characters";

/** An agent's HTTP API over real connections, written from docs/http-api.md and the same contract as the router. */
export class FakeAgent {
	readonly requests: FakeRequest[] = [];
	readonly streams = new Set<ServerResponse>();
	/** Requests that wait for another revision. */
	readonly held = new Set<() => void>();
	token = TOKEN;
	/** Revisions it still knows the values of; emptied, an event cannot say what differs. */
	history: Revision[] = [];
	/** Takes a request away from the agent, for instance to misbehave. */
	intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
	readonly #options: FakeAgentOptions;
	readonly #server: Server;
	#current: Revision | undefined;
	#reason: Reason | undefined = "not_loaded";

	private constructor(options: FakeAgentOptions) {
		this.#options = options;
		this.#server = createServer((request, response) => this.#answer(request, response));
	}

	/** Starts one, on a port of its own unless a test wants one again. */
	static async start(options: FakeAgentOptions = {}, port = 0): Promise<FakeAgent> {
		const agent = new FakeAgent(options);
		await listenOnLoopback(agent.#server, port);
		return agent;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	/** How often a path, with its query, was asked for. */
	count(line: string): number {
		return this.requests.filter((request) => request.line === line).length;
	}

	/** Loads a revision and tells everybody. */
	publish(revision: string, payload: Payload): void {
		const before = this.#current;
		this.#current = { revision, payload };
		this.history.push(this.#current);
		this.#reason = undefined;
		for (const stream of this.streams) stream.write(eventOf(this.#current, before));
		for (const release of this.held) release();
	}

	/** Stops serving. */
	withdraw(reason: Reason): void {
		this.#reason = reason;
		this.say(stateEvent(reason));
		for (const release of this.held) release();
	}

	/** Serves again what it served before. */
	recover(): void {
		this.#reason = undefined;
		this.say(`event: recovered\ndata: ${JSON.stringify({ revision: this.#current?.revision })}\n\n`);
	}

	/** Writes to every stream, whatever it is. */
	say(text: string | Uint8Array): void {
		for (const stream of this.streams) stream.write(text);
	}

	/** Cuts all connections and goes on listening. */
	hangUp(): void {
		this.#server.closeAllConnections();
	}

	/** Cuts all connections and stops. */
	close(): Promise<void> {
		return closeServer(this.#server);
	}

	#answer(request: IncomingMessage, response: ServerResponse): unknown {
		const { url = "", headers, method } = request;
		this.requests.push({ line: `${method} ${url}`, headers });
		if (this.intercept?.(request, response)) return;
		const { pathname, searchParams } = new URL(url, this.url);
		if (pathname === "/v1/health") return this.#sendHealth(response);
		const isPush = pathname === "/v1/events" && this.#options.hasPush !== false;
		if (!isPush && !/^\/v1\/(?:secrets|keys|refresh)\b/.test(pathname))
			return refuse(response, 404, "NOT_FOUND");
		if (headers.authorization !== `Bearer ${this.token}`) return refuse(response, 401, "UNAUTHORIZED");
		if (isPush) return this.#stream(request, response);
		if (pathname === "/v1/refresh" && method === "POST")
			return json(response, 200, { outcome: "confirmed", revision: this.#current?.revision ?? null });
		if (pathname === "/v1/secrets") return this.#sendAll(request, response, searchParams);
		if (this.#reason !== undefined) return this.#sendUnavailable(response);
		const { payload = {} } = this.#current ?? {};
		if (pathname === "/v1/keys") return json(response, 200, Object.keys(flat(payload)).sort());
		const names = pathname.split("/").slice(3).map(decodeURIComponent);
		const value = flat(payload)[names.join("__")] ?? bare(payload, names[0] ?? "");
		if (Array.isArray(value)) return refuse(response, 409, "AMBIGUOUS_NAME");
		if (value === undefined) return refuse(response, 404, "NOT_FOUND");
		return json(response, 200, { value });
	}

	#sendHealth(response: ServerResponse): void {
		json(response, 200, {
			status: "ok",
			mode: "cached",
			revision: this.#current?.revision ?? null,
			lastRefreshAt: null,
			expired: false,
			state: this.#reason ?? "ready",
			lastError: null,
		});
	}

	#sendUnavailable(response: ServerResponse): void {
		json(response, 503, { error: "None.", code: "SOURCE_UNREACHABLE", reason: this.#reason });
	}

	#sendAll(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): unknown {
		const answer = (): unknown => {
			if (this.#reason !== undefined || this.#current === undefined) return this.#sendUnavailable(response);
			const etag = `"${encodeURIComponent(this.#current.revision)}"`;
			if (request.headers["if-none-match"] === etag) return response.writeHead(304, { etag }).end();
			const { payload } = this.#current;
			return json(response, 200, query.get("format") === "flat" ? flat(payload) : payload, { etag });
		};
		const etag = `"${encodeURIComponent(this.#current?.revision ?? "")}"`;
		const isHeld = query.has("wait") && this.#options.hasWait !== false && this.#reason === undefined;
		if (!isHeld || request.headers["if-none-match"] !== etag) return answer();
		const release = (): void => {
			this.held.delete(release);
			answer();
		};
		this.held.add(release);
		return response.once("close", () => this.held.delete(release));
	}

	#stream(request: IncomingMessage, response: ServerResponse): void {
		response.writeHead(200, { "content-type": "text/event-stream" }).write("retry: 1000\n\n");
		this.streams.add(response);
		response.once("close", () => this.streams.delete(response));
		const last = request.headers["last-event-id"];
		const current = this.#current;
		if (current !== undefined && last !== encodeURIComponent(current.revision)) {
			const before = this.history.find(({ revision }) => encodeURIComponent(revision) === last);
			response.write(eventOf(current, before));
		}
		if (this.#reason !== undefined && this.#reason !== "not_loaded") response.write(stateEvent(this.#reason));
	}
}

function eventOf({ revision, payload }: Revision, before: Revision | undefined): string {
	const [now, then] = [flat(payload), flat(before?.payload ?? {})];
	const names = Object.keys(now);
	const data = {
		revision,
		since: before?.revision ?? null,
		added: names.filter((name) => !(name in then)),
		changed: names.filter((name) => name in then && now[name] !== then[name]),
		removed: Object.keys(then).filter((name) => !(name in now)),
	};
	return `event: revision\nid: ${encodeURIComponent(revision)}\ndata: ${JSON.stringify(data)}\n\n`;
}

function stateEvent(reason: Reason): string {
	const type = reason === "revoked" ? "revoked" : "expired";
	return `event: ${type}\ndata: ${JSON.stringify({ reason })}\n\n`;
}

function flat(payload: Payload): Record<string, string> {
	const pairs = Object.entries(payload).flatMap(([key, value]) =>
		typeof value === "string"
			? [[key, value] as const]
			: Object.entries(value).map(([inner, text]) => [`${key}__${inner}`, text] as const),
	);
	return Object.fromEntries(pairs);
}

/** What a key without its namespace means: several where it is ambiguous. */
function bare(payload: Payload, key: string): string | string[] | undefined {
	const found = Object.values(payload).flatMap((value) =>
		typeof value === "string" ? [] : (value[key] ?? []),
	);
	return found.length > 1 ? found : found[0];
}

function refuse(response: ServerResponse, status: number, code: string): void {
	json(response, status, { error: "Refused.", code });
}

function json(
	response: ServerResponse,
	status: number,
	body: unknown,
	headers: Readonly<Record<string, string>> = {},
): void {
	response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
