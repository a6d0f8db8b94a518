import { readBody } from "./bounded-body.js";
import { Deadlines } from "./deadlines.js";
import { networkError } from "./network-error.js";
import { redirectTarget } from "./redirect.js";
import type { SourceEnvironment } from "./source.js";

/** The time limits of one read over HTTP, in milliseconds. */
export interface HttpTimeouts {
	/** From sending a request to having its response head, connecting included; anew after a redirect. */
	readonly headersMs: number;

	/** Between two pieces of the body. */
	readonly idleMs: number;

	/** For everything together. */
	readonly totalMs: number;
}

/** The limits used where none are given: 10 s, 10 s and 60 s. */
export const DEFAULT_HTTP_TIMEOUTS: HttpTimeouts = { headersMs: 10_000, idleMs: 10_000, totalMs: 60_000 };

/** Status and headers, before any of the body was read. */
export interface ResponseHead {
	readonly status: number;
	readonly headers: Headers;
}

/** One request and its limits. */
export interface BoundedRequest {
	readonly url: URL;

	/** `GET` where absent. */
	readonly method?: string;

	/** Only with a method other than GET and HEAD; such a request is never redirected. */
	readonly body?: string | Uint8Array;

	/** Sent again after a redirect, which never leaves the origin. */
	readonly headers: Readonly<Record<string, string>>;

	/** Names the place in messages; holds no secret. */
	readonly description: string;

	/** The most bytes the body may have, inflated. */
	readonly maxBytes: number;
	readonly timeouts: HttpTimeouts;

	/** Says whether the body is wanted; what it throws refuses the response. */
	readonly wantsBody: (head: ResponseHead) => boolean;
}

/** A response whose body was read to its end, or discarded (`bytes` is empty) because nobody wanted it. */
export interface BoundedResponse extends ResponseHead {
	readonly bytes: Uint8Array;
}

const MOST_REDIRECTS = 5;

/**
 * Sends a request whose time and size are bounded whatever the server does.
 *
 * Follows at most five redirects, and only inside the same https origin. Rejects with `SourceError`, or with the
 * signal's reason; either way no body, timer or listener stays behind.
 */
export async function boundedFetch(
	request: BoundedRequest,
	environment: Pick<SourceEnvironment, "fetch" | "timers">,
	signal: AbortSignal,
): Promise<BoundedResponse> {
	const { description, timeouts } = request;
	const late = `${description} did not finish its answer within ${timeouts.totalMs} ms.`;
	const deadlines = new Deadlines(signal, environment.timers, timeouts.totalMs, late);
	try {
		return await exchange(request, environment.fetch, deadlines);
	} finally {
		deadlines.close();
	}
}

async function exchange(
	request: BoundedRequest,
	fetch: SourceEnvironment["fetch"],
	deadlines: Deadlines,
): Promise<BoundedResponse> {
	let url = request.url;
	for (let redirects = 0; ; redirects++) {
		const response = await send(url, request, fetch, deadlines);
		try {
			const mayFollow = redirects < MOST_REDIRECTS && request.body === undefined;
			const target = redirectTarget(response, url, mayFollow, request.description);
			if (target === undefined) return await receive(response, request, deadlines);
			url = target;
		} finally {
			// Whatever was not read to its end is not wanted: free the connection.
			response.body?.cancel().catch(() => undefined);
		}
	}
}

async function send(
	url: URL,
	request: BoundedRequest,
	fetch: SourceEnvironment["fetch"],
	deadlines: Deadlines,
): Promise<Response> {
	const { description, headers, timeouts } = request;
	deadlines.step(timeouts.headersMs, `${description} did not answer within ${timeouts.headersMs} ms.`);
	try {
		deadlines.signal.throwIfAborted();
		const { method = "GET", body = null } = request;
		const init: RequestInit = { method, body, headers, redirect: "manual", signal: deadlines.signal };
		return await deadlines.race(fetch(url, init));
	} catch (error) {
		throw deadlines.signal.aborted ? deadlines.signal.reason : networkError(error, description);
	}
}

async function receive(
	response: Response,
	request: BoundedRequest,
	deadlines: Deadlines,
): Promise<BoundedResponse> {
	const { status, headers } = response;
	if (!request.wantsBody({ status, headers })) return { status, headers, bytes: new Uint8Array() };
	return { status, headers, bytes: await readBody(response, request, deadlines) };
}
