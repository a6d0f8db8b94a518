import { readText } from "./body.js";
import type { Deadline } from "./deadline.js";
import { refusalError, retryAfterMs } from "./refusal.js";
import type { TokenReader } from "./token.js";
import { unreachable } from "./unreachable.js";

/** `fetch`, as far as it is used here. */
type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** One request to the agent. */
export interface AgentRequest {
	readonly method?: "GET" | "POST";
	/** Path and query. */
	readonly path: string;
	/** What is asked for, as the beginning of a sentence. */
	readonly subject: string;
	readonly accept?: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Whether what is asked for has a secret's name. */
	readonly isSecret?: boolean;
	/** For what everybody may ask. */
	readonly isOpen?: boolean;
}

/** How to reach one agent. */
export interface Connection {
	readonly origin: string;
	readonly fetch: Fetch;
	readonly token: TokenReader;
	readonly maxBytes: number;
}

/** Refusals are short. */
const LONGEST_REFUSAL = 64 * 1024;

/**
 * Sends a request and returns the answer of status 200 or 304, its body unread; anything else is a `ClientError`.
 *
 * A refused token that has changed since is tried once more with what it is now.
 */
export async function exchange(
	connection: Connection,
	request: AgentRequest,
	deadline: Deadline,
): Promise<Response> {
	if (request.isOpen) return accepted(await send(connection, request, deadline), request, deadline);
	const token = await deadline.race(connection.token.read());
	const response = await send(connection, request, deadline, token);
	if (response.status !== 401) return accepted(response, request, deadline);
	connection.token.forget();
	const present = await deadline.race(connection.token.read());
	if (present === token) return accepted(response, request, deadline);
	await response.body?.cancel().catch(() => undefined); // what cannot be let go ends with the exchange
	return accepted(await send(connection, request, deadline, present), request, deadline);
}

async function send(
	{ origin, fetch }: Connection,
	{ method = "GET", path, accept = "application/json", headers }: AgentRequest,
	deadline: Deadline,
	token?: string,
): Promise<Response> {
	const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
	try {
		return await deadline.race(
			fetch(origin + path, {
				method,
				headers: { accept, ...headers, ...authorization },
				// Followed, a redirect could take the token elsewhere.
				redirect: "manual",
				signal: deadline.signal,
			}),
		);
	} catch (error) {
		throw unreachable(error);
	}
}

async function accepted(
	response: Response,
	{ subject, isSecret = false }: AgentRequest,
	deadline: Deadline,
): Promise<Response> {
	const { status, headers } = response;
	if (status === 200 || status === 304) return response;
	const text = await readText(response, deadline, LONGEST_REFUSAL);
	throw refusalError({ status, text, retryAfterMs: retryAfterMs(headers), subject, isSecret });
}
