import { type Agent, type AgentOptions, type Clock, createAgent, isCodedError } from "@clef-sh/core";
import { createRouter } from "@clef-sh/router";
import { type Listener, listen } from "@clef-sh/router/node";
import type { Telemetry } from "@clef-sh/telemetry";
import type { ExtensionEvent } from "./extension-event.js";
import type { ExtensionEventType, ExtensionsApi } from "./extensions-api.js";
import { failureOf } from "./failure.js";
import { FirstLoad } from "./first-load.js";
import { FunctionAgent } from "./function-agent.js";
import { LambdaClock } from "./lambda-clock.js";
import { LambdaError } from "./lambda-error.js";
import { type ExtensionLog, reportFailure } from "./report-failure.js";

/** What an extension is made of. */
export interface ExtensionParts {
	readonly api: ExtensionsApi;
	readonly agent: Omit<AgentOptions, "clock" | "firstLoad">;
	/** Called with the agent as soon as there is one. */
	readonly onAgent?: (agent: Agent) => void;
	readonly clock: Clock;
	/** On 127.0.0.1. */
	readonly port: number;
	/** What function code must present. */
	readonly token: string | (() => string);
	/** Whether the function shall not start without secrets. */
	readonly strict: boolean;
	/** AWS_LAMBDA_INITIALIZATION_TYPE. */
	readonly initializationType?: string | undefined;
	readonly log: ExtensionLog;
	/** Flushed while the process is awake, and closed at the end. */
	readonly telemetry?: Telemetry | undefined;
	/** Whether `GET /v1/metrics` gives telemetry's metrics. */
	readonly servesMetrics?: boolean;
	/** Resolves when somebody else than Lambda wants it to end, with who. */
	readonly stop: Promise<string>;
}

type Invoke = Extract<ExtensionEvent, { kind: "invoke" }>;

/** Of Lambda's ten seconds for all of Init; the function's own code needs some of them. */
const INIT_MS = 5_000;
/** Longest timeout that a function can have. */
const LONGEST_INVOCATION_MS = 900_000;
/** How long the environment is kept awake after the function has answered, for a refresh to end. */
const REFRESH_MS = 1_000;
/** Time for telemetry to be delivered, after an invocation and at the end. */
const FLUSH_MS = 500;
/** All that Lambda gives to Shutdown. */
const SHUTDOWN_MS = 2_000;
/** Between the end of what the extension does and the deadline that it must keep. */
const MARGIN_MS = 300;
/** Time for requests under way where Lambda gives none. */
const GRACE_MS = 1_000;
/** Pauses before asking again for an event when the connection broke. */
const RETRY_PAUSES_MS = [100, 200, 400];
/** How long the agent serves without hearing from its source where no TTL says it, and just-in-time always. */
const DEFAULT_STALE_MS = 300_000;

/**
 * Runs the agent as a Lambda extension until Lambda shuts the environment down: serves before it registers, since
 * that is what lets the function start. Resolves with the exit status; never rejects.
 */
export async function runExtension(parts: ExtensionParts): Promise<number> {
	const extension = new Extension(parts);
	try {
		await extension.start();
		await extension.follow();
		return 0;
	} catch (error) {
		await reportFailure(parts, error, extension.isInitialized);
		return 1;
	} finally {
		await extension.close();
	}
}

/** One environment's life. */
class Extension {
	readonly #parts: ExtensionParts;
	readonly #clock: LambdaClock;
	readonly #firstLoad = new FirstLoad();
	#agent: Agent | undefined;
	#listener: Listener | undefined;
	#served: FunctionAgent | undefined;
	#graceMs = GRACE_MS;
	isInitialized = false;

	constructor(parts: ExtensionParts) {
		this.#parts = parts;
		this.#clock = new LambdaClock(parts.clock);
	}

	/** Init: serves, registers, and gives the first load its time. */
	async start(): Promise<void> {
		const { agent: options, api, initializationType, log, port, stop, strict, token } = this.#parts;
		const onEvent = this.#firstLoad.watching(options.onEvent);
		const agent = await createAgent({ ...options, clock: this.#clock, firstLoad: "background", onEvent });
		this.#agent = agent;
		this.#parts.onAgent?.(agent);
		const initial = Promise.race([this.#firstLoad.done, this.#after(INIT_MS)]);
		this.#served = new FunctionAgent({
			agent,
			clock: this.#clock,
			initial,
			isSnapshot: initializationType === "snap-start",
			staleAfterMs: (options.ttlSeconds ?? 0) * 1000 || DEFAULT_STALE_MS,
			after: this.#after,
		});
		this.#listener = await this.#listen(agent, this.#served, { port, token });
		const { functionName, functionVersion } = await api.register(eventsFor(initializationType));
		log.info(`registered as an extension of ${functionName ?? "the function"}, serving on port ${port}`, {
			event: "lambda.registered",
			functionName,
			functionVersion,
			mode: agent.mode,
		});
		await Promise.race([initial, stop]);
		if (strict) await this.#assertSecrets(agent);
		this.isInitialized = true;
	}

	/** There is nobody to push to: what waits in a function is frozen with it. */
	#listen(
		agent: Agent,
		served: FunctionAgent,
		{ port, token }: Pick<ExtensionParts, "port" | "token">,
	): Promise<Listener> {
		const { servesMetrics, telemetry } = this.#parts;
		const metrics = servesMetrics && telemetry && (() => telemetry.metrics());
		const onRequest = telemetry?.request;
		const router = createRouter(served, {
			token,
			refresh: () => agent.refreshAnew(),
			...(metrics && { metrics }),
		});
		return listen(router, { port, ...(onRequest && { onRequest }) });
	}

	/** Opens them, so that what cannot be decrypted counts as missing in just-in-time mode too. */
	async #assertSecrets(agent: Agent): Promise<void> {
		try {
			await agent.open();
		} catch (cause) {
			const { code, error } = this.#firstLoad.failure ?? {};
			const why = error ?? failureOf(cause).message;
			throw new LambdaError(
				"LAMBDA_INIT_FAILED",
				`No secrets at the end of Init, and CLEF_AGENT_LAMBDA_INIT is strict: ${why}`,
				{ cause, reason: code ?? (isCodedError(cause) ? cause.code : undefined) },
			);
		}
	}

	/** Invoke after Invoke, until Shutdown. */
	async follow(): Promise<void> {
		const ended = new AbortController();
		// Not raced against each event: a promise that lives on holds whatever it was raced against.
		void this.#parts.stop.then((who) => {
			this.#log("info", `${who}: stopping`, "agent.stopping");
			ended.abort();
		});
		for (;;) {
			if (isFrozenBetween(this.#parts.initializationType)) this.#served?.rest();
			const event = await this.#next(ended.signal);
			if (event === undefined) return;
			if (event.kind === "shutdown") {
				this.#shutDown(event.reason, event.deadlineMs);
				return;
			}
			if (event.kind === "invoke") await this.#invoked(event);
		}
	}

	/** Ends serving, within the time that Lambda has given, and wipes memory. */
	async close(): Promise<void> {
		await this.#listener?.close(this.#graceMs);
		await this.#agent?.close();
		await this.#parts.telemetry?.close(FLUSH_MS);
	}

	/**
	 * An event, or undefined once the signal says so; a connection that broke is tried again, since Lambda repeats
	 * nothing by itself.
	 */
	async #next(signal: AbortSignal): Promise<ExtensionEvent | undefined> {
		for (let attempt = 0; ; attempt += 1) {
			try {
				return await this.#parts.api.next(signal);
			} catch (error) {
				if (signal.aborted) return undefined;
				const pauseMs = RETRY_PAUSES_MS[attempt];
				const isBroken = error instanceof LambdaError && error.code === "LAMBDA_API_UNREACHABLE";
				if (pauseMs === undefined || !isBroken) throw error;
				await this.#after(pauseMs);
			}
		}
	}

	/**
	 * Refreshes what is due while the function runs. Asking for the next event lets Lambda freeze the environment, so
	 * the refresh gets a moment to end first; the function's own answer does not wait for that.
	 */
	async #invoked({ deadlineMs }: Invoke): Promise<void> {
		const agent = this.#agent;
		this.#clock.notBefore(deadlineMs - LONGEST_INVOCATION_MS);
		const refresh = this.#served?.wake() ?? (agent?.mode === "jit" ? agent.refresh() : agent?.refreshIfDue());
		const left = (atMostMs: number): number =>
			Math.max(0, Math.min(atMostMs, deadlineMs - MARGIN_MS - this.#clock.now()));
		if (refresh !== undefined) await Promise.race([refresh, this.#after(left(REFRESH_MS))]);
		await this.#parts.telemetry?.flush(left(FLUSH_MS));
	}

	#shutDown(reason: string, deadlineMs: number): void {
		const afterwardsMs = MARGIN_MS + (this.#parts.telemetry === undefined ? 0 : FLUSH_MS);
		// Not longer than Lambda ever gives, whatever the clocks say.
		const leftMs = Math.min(SHUTDOWN_MS, deadlineMs - this.#clock.now());
		this.#graceMs = Math.max(0, leftMs - afterwardsMs);
		const sentence = SHUTDOWNS[reason] ?? `Lambda shuts the environment down (${reason})`;
		this.#log(reason === "SPINDOWN" ? "info" : "warn", sentence, "lambda.shutdown", { reason });
	}

	#log(level: "info" | "warn", sentence: string, event: string, fields: { reason?: string } = {}): void {
		this.#parts.log[level](sentence, { event, ...fields });
	}

	readonly #after = (ms: number): Promise<void> =>
		new Promise((resolve) => this.#parts.clock.setTimeout(resolve, ms));
}

const SHUTDOWNS: Readonly<Record<string, string>> = {
	SPINDOWN: "Lambda shuts the idle environment down",
	TIMEOUT: "the function ran into its timeout: Lambda starts the environment anew",
	FAILURE: "the function or another extension failed: Lambda starts the environment anew",
};

/** Managed instances never are, and have no event for an invocation. */
function isFrozenBetween(initializationType: string | undefined): boolean {
	return initializationType !== "lambda-managed-instances";
}

function eventsFor(initializationType: string | undefined): readonly ExtensionEventType[] {
	return isFrozenBetween(initializationType) ? ["INVOKE", "SHUTDOWN"] : ["SHUTDOWN"];
}
