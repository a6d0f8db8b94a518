import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { type Behaviour, type RecordedRequest, startServer, type TestServer } from "./servers.js";

/** What an extension said when it registered. */
export interface LambdaRegistration {
	readonly name: string;
	readonly events: readonly string[];
	readonly identifier: string;
}

/** What an extension reported to `init/error` or `exit/error`. */
export interface LambdaReportedError {
	readonly phase: "init" | "exit";
	/** The header that Lambda goes by. */
	readonly errorType: string;
	readonly body: unknown;
}

/** What differs from an ordinary function. */
export interface LambdaRuntimeApiOptions {
	/** File names in the extensions folder; any other name is that of an internal extension. */
	readonly extensions?: readonly string[];
	/** Events that no extension may register for; Lambda Managed Instances have no INVOKE. */
	readonly unsupported?: readonly string[];
	/** Wall clock, epoch milliseconds. */
	readonly now?: () => number;
}

/** An invocation that was delivered. */
export interface LambdaInvocation {
	readonly requestId: string;
	/** Resolves when the extension asks for the next event: only then may Lambda freeze the environment. */
	readonly ended: Promise<void>;
}

type State = "started" | "registered" | "waiting" | "running" | "init error" | "exit error";

/** A refusal as the Extensions API words it. */
class Refusal extends Error {
	readonly errorType: string;
	readonly status: number;

	constructor(errorType: string, message: string, status = 403) {
		super(message);
		this.errorType = errorType;
		this.status = status;
	}
}

const BASE = "/2020-01-01/extension";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DEFAULT_TIMEOUT_MS = 3_000;

/**
 * Lambda's Extensions API on 127.0.0.1 for one extension, with the states and refusals that its reference and AWS's
 * own emulator give: `event/next` blocks, `init/error` is for the time before the first of them.
 */
export class LambdaRuntimeApi {
	/** `host:port`, as AWS_LAMBDA_RUNTIME_API has it. */
	readonly address: string;
	readonly requests: readonly RecordedRequest[];
	readonly errors: LambdaReportedError[] = [];
	registration: LambdaRegistration | undefined;
	/** Answers the coming requests with these instead, one each; the last stays. */
	readonly respondWith: TestServer["respondWith"];
	readonly close: () => Promise<void>;
	readonly #options: Required<LambdaRuntimeApiOptions>;
	readonly #changes = new Set<() => void>();
	#state: State = "started";
	#waiting: ServerResponse | undefined;

	private constructor(server: TestServer, options: LambdaRuntimeApiOptions) {
		this.address = new URL(server.url).host;
		this.requests = server.requests;
		this.respondWith = server.respondWith;
		this.close = server.close;
		this.#options = { extensions: ["clef-agent"], unsupported: [], now: Date.now, ...options };
	}

	static async start(options: LambdaRuntimeApiOptions = {}): Promise<LambdaRuntimeApi> {
		const server = await startServer();
		const api = new LambdaRuntimeApi(server, options);
		api.behaveWell();
		return api;
	}

	/** Ends what `respondWith` began. */
	behaveWell(): void {
		this.respondWith(this.behaviour);
	}

	/** What it does when it behaves well, to be put behind other behaviours. */
	readonly behaviour: Behaviour = (_request, response) => this.#answer(response);

	/** Resolves once the extension has registered. */
	async registered(): Promise<LambdaRegistration> {
		for (;;) {
			if (this.registration !== undefined) return this.registration;
			await this.#change();
		}
	}

	/** Resolves once the extension waits for an event. */
	async waiting(): Promise<void> {
		while (this.#waiting === undefined) await this.#change();
	}

	/** Resolves once the extension has reported an error. */
	async reported(): Promise<LambdaReportedError> {
		for (;;) {
			const [error] = this.errors;
			if (error !== undefined) return error;
			await this.#change();
		}
	}

	/** Invokes the function, as soon as the extension waits for it. */
	async invoke(deadlineMs: number = this.#options.now() + DEFAULT_TIMEOUT_MS): Promise<LambdaInvocation> {
		const requestId = randomUUID();
		await this.#deliver({
			eventType: "INVOKE",
			deadlineMs,
			requestId,
			invokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:tested",
			tracing: { type: "X-Amzn-Trace-Id", value: "Root=1-5f35ae12-0c0fec141ab77a00bc047aa2;Sampled=0" },
		});
		return { requestId, ended: this.waiting() };
	}

	/** Tells the extension to stop, as soon as it waits for an event; `kill` is what happens two seconds later. */
	async shutdown(reason: "SPINDOWN" | "TIMEOUT" | "FAILURE", kill: () => void): Promise<void> {
		const graceMs = 2_000;
		await this.#deliver({
			eventType: "SHUTDOWN",
			shutdownReason: reason,
			deadlineMs: this.#options.now() + graceMs,
		});
		setTimeout(kill, graceMs).unref();
	}

	async #deliver(event: object): Promise<void> {
		await this.waiting();
		const response = this.#waiting;
		this.#waiting = undefined;
		this.#become("running");
		response?.setHeader("Lambda-Extension-Event-Identifier", randomUUID());
		if (response !== undefined) send(response, 200, event);
	}

	#answer(response: ServerResponse): void {
		// Behaviours run right after their request was noted, so the last one is this one.
		const request = this.requests.at(-1);
		try {
			if (request === undefined) throw new Refusal("InternalServerError", "Lost.", 500);
			this.#route(request, response);
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			send(response, error.status, { errorMessage: error.message, errorType: error.errorType });
		}
	}

	#route(request: RecordedRequest, response: ServerResponse): void {
		const { method, url, headers } = request;
		switch (`${method} ${url}`) {
			case `POST ${BASE}/register`:
				this.#register(request, response);
				return;
			case `GET ${BASE}/event/next`:
				this.#identify(headers);
				this.#next(response);
				return;
			case `POST ${BASE}/init/error`:
			case `POST ${BASE}/exit/error`:
				this.#identify(headers);
				this.#report(url.includes("/init/") ? "init" : "exit", request, response);
				return;
			default:
				throw new Refusal("NotFound", "There is no such endpoint.", 404);
		}
	}

	#register({ headers, body }: RecordedRequest, response: ServerResponse): void {
		const name = headers["lambda-extension-name"];
		if (typeof name !== "string" || name === "")
			throw new Refusal("Extension.InvalidExtensionName", "Empty extension name");
		const events = eventsIn(body);
		const isExternal = this.#options.extensions.includes(name);
		for (const event of events) {
			const isKnown = event === "INVOKE" || (event === "SHUTDOWN" && isExternal);
			if (!isKnown || this.#options.unsupported.includes(event))
				throw new Refusal("Extension.InvalidEventType", `${event}: not for this extension`);
		}
		if (!isExternal || this.#state !== "started")
			throw new Refusal("Extension.InvalidExtensionState", "State transition is not allowed");
		const identifier = randomUUID();
		this.registration = { name, events, identifier };
		response.setHeader("Lambda-Extension-Identifier", identifier);
		send(response, 200, { functionName: "tested", functionVersion: "$LATEST", handler: "index.handler" });
		this.#become("registered");
	}

	#identify(headers: IncomingHttpHeaders): void {
		const identifier = headers["lambda-extension-identifier"];
		if (identifier === undefined)
			throw new Refusal("Extension.MissingExtensionIdentifier", "Lambda-Extension-Identifier is missing");
		if (!UUID.test(String(identifier)))
			throw new Refusal("Extension.InvalidExtensionIdentifier", "Lambda-Extension-Identifier is no UUID");
		if (identifier !== this.registration?.identifier)
			throw new Refusal("Extension.UnknownExtensionIdentifier", "Unknown extension");
	}

	#next(response: ServerResponse): void {
		if (this.#state !== "registered" && this.#state !== "running")
			throw new Refusal("Extension.InvalidExtensionState", `Not allowed in state ${this.#state}`);
		this.#waiting = response;
		this.#become("waiting");
	}

	#report(phase: "init" | "exit", { headers, body }: RecordedRequest, response: ServerResponse): void {
		const errorType = headers["lambda-extension-function-error-type"];
		if (typeof errorType !== "string" || errorType === "")
			throw new Refusal("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
		if (phase === "init" && this.#state !== "registered")
			throw new Refusal("Extension.InvalidExtensionState", `Not allowed in state ${this.#state}`);
		this.errors.push({ phase, errorType, body: JSON.parse(body) });
		send(response, 202, { status: "OK" });
		this.#become(phase === "init" ? "init error" : "exit error");
	}

	#become(state: State): void {
		this.#state = state;
		for (const notify of this.#changes) notify();
		this.#changes.clear();
	}

	#change(): Promise<void> {
		return new Promise((resolve) => this.#changes.add(resolve));
	}
}

function eventsIn(body: string): readonly string[] {
	try {
		const { events } = JSON.parse(body) as { events?: unknown };
		return Array.isArray(events) ? events.map(String) : [];
	} catch {
		throw new Refusal("InvalidRequestFormat", "The body is not JSON");
	}
}

function send(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
