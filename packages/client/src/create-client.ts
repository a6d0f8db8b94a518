import { type Call, call } from "./call.js";
import { type Change, ChangeTracker } from "./change.js";
import { ClientError } from "./client-error.js";
import type { CallOptions, ClientOptions, GetOptions } from "./client-options.js";
import { agentOrigin } from "./endpoint.js";
import type { AgentRequest, Connection } from "./exchange.js";
import { isRefreshOutcome, type RefreshOutcome } from "./refresh.js";
import { createFingerprint, readingVariables, readTextFile, systemClock } from "./runtime.js";
import { type AgentHealth, isHealth, isNames, isTexts, isValue } from "./shapes.js";
import { createTokenReader } from "./token.js";
import { type WatchOptions, watchAgent } from "./watch.js";

/** Reads secrets from one agent; every rejection is a {@link ClientError}. Keeps nothing: the agent is the cache. */
export interface Client {
	/** The value of one secret. */
	get(key: string, options?: GetOptions): Promise<string>;
	/** All secrets by the names that {@link Client.keys} lists. */
	all(options?: CallOptions): Promise<Readonly<Record<string, string>>>;
	/** The sorted names: `<namespace>__<KEY>`, or `KEY` for secrets without namespaces. */
	keys(options?: CallOptions): Promise<readonly string[]>;
	/** The state of the agent, asked once and without a token. */
	health(options?: CallOptions): Promise<AgentHealth>;
	/** Makes the agent look at its source now; asked once. */
	refresh(options?: CallOptions): Promise<RefreshOutcome>;
	/**
	 * Calls `onChange` with the present revision and with each later one, in order, never with one twice, and awaits
	 * it. Resolves when the signal ends it; rejects with `CONFIG_INVALID` or with what a callback threw.
	 */
	watch(onChange: (change: Change) => unknown, options?: WatchOptions): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;
const ALL = "The list of secrets";

/** Makes a client. Throws `ClientError` (`CONFIG_INVALID`) for a URL it cannot use; nothing is sent yet. */
export function createClient(options: ClientOptions = {}): Client {
	const { clock = systemClock, random = Math.random, timeoutMs = TIMEOUT_MS } = options;
	const connection = connectionOf(options);
	type Wanted<T> = Pick<Call<T>, "path" | "subject" | "isKind"> & Partial<Call<T>>;
	const ask = <T>(
		wanted: Wanted<T>,
		{ signal, timeoutMs: ownMs = timeoutMs }: CallOptions = {},
	): Promise<T> =>
		call(connection, { clock, signal, isHolding: true }, random, {
			timeoutMs: ownMs,
			isRetried: true,
			...wanted,
		});
	return {
		get: async (key, given = {}) =>
			(await ask({ ...secretAt(key, given.namespace), isKind: isValue }, given)).value,
		all: (given) => ask({ path: "/v1/secrets?format=flat", subject: ALL, isKind: isTexts }, given),
		keys: (given) => ask({ path: "/v1/keys", subject: ALL, isKind: isNames }, given),
		health: (given) =>
			ask({ path: "/v1/health", subject: "Health", isKind: isHealth, isOpen: true, isRetried: false }, given),
		refresh: (given) =>
			ask(
				{
					method: "POST",
					path: "/v1/refresh",
					subject: "Refresh",
					isKind: isRefreshOutcome,
					isRetried: false,
				},
				given,
			),
		watch: (onChange, given = {}) => {
			const limits = { clock, signal: given.signal, isHolding: false };
			const tracker = new ChangeTracker(createFingerprint());
			return watchAgent({ connection, limits, tracker, random }, onChange, given);
		},
	};
}

function connectionOf(options: ClientOptions): Connection {
	const { env, url, token, readFile = readTextFile, maxBytes = MAX_BYTES } = options;
	const variable = readingVariables(env);
	// Called as what it is: some runtimes refuse a fetch that is called as a method of something else.
	const given = options.fetch ?? globalThis.fetch;
	return {
		origin: agentOrigin(url, variable),
		fetch: (address, init) => given(address, init),
		token: createTokenReader({ option: token, variable, readFile }),
		maxBytes,
	};
}

/** Names are one path segment each; what URLs resolve away cannot be asked for. */
function secretAt(
	key: string,
	namespace: string | undefined,
): Pick<AgentRequest, "path" | "subject" | "isSecret"> {
	const names = namespace === undefined ? [key] : [namespace, key];
	const subject = `The secret ${JSON.stringify(names.join("/").slice(0, 200))}`;
	if (names.some((name) => /^\.{0,2}$/.test(name) || /\p{Cs}/u.test(name)))
		throw new ClientError(
			"SECRET_NOT_FOUND",
			`${subject} cannot be asked for by URL; all() has it if it exists.`,
		);
	return { path: `/v1/secrets/${names.map(encodeURIComponent).join("/")}`, subject, isSecret: true };
}
