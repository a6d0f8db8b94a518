import type { IncomingMessage, ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import { pathOf } from "../request-target.js";

const PLAIN_ROUTES: ReadonlySet<string> = new Set([
	"/v1/secrets",
	"/v1/health",
	"/v1/ready",
	"/v1/keys",
	"/v1/metrics",
	"/v1/events",
	"/v1/refresh",
]);
const NAMED = /^\/v1\/secrets\/[^/]*(\/[^/]*)?$/;

/**
 * A request that was answered, for whoever counts them; gives away no name of a secret and no query.
 *
 * Most of it is worked out when it is asked for: this lies on the way of every answer.
 */
export class ServedRequest {
	/** Until the response was handed to the system, or its client was gone. */
	readonly durationMs: number;
	readonly #response: ServerResponse<IncomingMessage>;

	/** `startedMs` is a reading of `performance.now()`. */
	constructor(response: ServerResponse<IncomingMessage>, startedMs: number) {
		this.durationMs = performance.now() - startedMs;
		this.#response = response;
	}

	/** The route's template, such as `/v1/secrets/:key`; undefined for a target that has none. */
	get route(): string | undefined {
		return routeOf(this.#response.req.url ?? "");
	}

	get method(): string {
		return this.#response.req.method ?? "";
	}

	get status(): number {
		return this.#response.statusCode;
	}

	/** Wall time, epoch milliseconds; exact as long as it is asked for at once. */
	get startedAt(): number {
		return Date.now() - this.durationMs;
	}

	/** W3C trace context, as the client sent it; nobody has looked at it yet. */
	get traceparent(): string | undefined {
		return soleHeader(this.#response.req.headers.traceparent);
	}

	get tracestate(): string | undefined {
		return soleHeader(this.#response.req.headers.tracestate);
	}
}

/** The template of a request target; what is in its place are the names of secrets. */
export function routeOf(target: string): string | undefined {
	if (PLAIN_ROUTES.has(target)) return target;
	const path = pathOf(target);
	if (PLAIN_ROUTES.has(path)) return path;
	const named = NAMED.exec(path);
	if (named === null) return undefined;
	return named[1] === undefined ? "/v1/secrets/:key" : "/v1/secrets/:namespace/:key";
}

function soleHeader(value: string | string[] | undefined): string | undefined {
	return typeof value === "string" ? value : undefined;
}
