import type { ClientClock, Environment } from "./runtime.js";

/** How to make a client; everything left out comes from the environment and the runtime. */
export interface ClientOptions {
	/** The agent's origin. Default: `CLEF_URL`, else 127.0.0.1 with `CLEF_AGENT_PORT`, else with 7779. */
	readonly url?: string | undefined;
	/**
	 * The bearer token, or what gives it at each request. Default: `CLEF_AGENT_TOKEN`, the file that
	 * `CLEF_AGENT_TOKEN_FILE` names, or in Lambda `AWS_SESSION_TOKEN`.
	 */
	readonly token?: string | (() => string | Promise<string>) | undefined;
	/** How long a call goes on trying while the agent is not there or not ready; default 10 seconds. */
	readonly timeoutMs?: number | undefined;
	/** The longest answer that is read; default 64 MiB. */
	readonly maxBytes?: number | undefined;
	readonly fetch?: typeof fetch | undefined;
	readonly env?: Environment | undefined;
	readonly clock?: ClientClock | undefined;
	/** Between 0 and 1; spreads retries. */
	readonly random?: (() => number) | undefined;
	/** Reads the token file. */
	readonly readFile?: ((path: string) => Promise<string>) | undefined;
}

/** What every call takes. */
export interface CallOptions {
	/** Gives the call up; it rejects with `ABORTED`. */
	readonly signal?: AbortSignal | undefined;
	/** Instead of the client's. */
	readonly timeoutMs?: number | undefined;
}

/** What `get` takes. */
export interface GetOptions extends CallOptions {
	/** Without it the key must be in one namespace only, or be a name as `keys()` lists it. */
	readonly namespace?: string | undefined;
}
