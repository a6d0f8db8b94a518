import type { IncomingMessage, ServerResponse } from "node:http";

/** A request that was answered, for whoever counts them; holds no name of a secret and no query. */
export interface ServedRequest {
	/** The route's template, such as `/v1/secrets/:key`; undefined for a target that has none. */
	readonly route: string | undefined;
	readonly method: string;
	readonly status: number;
	/** Wall time, epoch milliseconds. */
	readonly startedAt: number;
	/** Until the response was handed to the system, or its client was gone. */
	readonly durationMs: number;
	/** W3C trace context, as the client sent it; nobody has looked at it yet. */
	readonly traceparent: string | undefined;
	readonly tracestate: string | undefined;
}

const PLAIN_ROUTES: ReadonlySet<string> = new Set([
	"/v1/secrets",
	"/v1/health",
	"/v1/ready",
	"/v1/keys",
	"/v1/metrics",
]);
const NAMED = /^\/v1\/secrets\/[^/]*(\/[^/]*)?$/;

/** What to call once the response has ended; of one that never began there is nothing to tell. */
export function watchRequest(
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	told: (request: ServedRequest) => void,
): () => void {
	const startedMs = performance.now();
	return () => {
		if (!outgoing.headersSent) return;
		const durationMs = performance.now() - startedMs;
		const { traceparent, tracestate } = incoming.headers;
		told({
			route: routeOf(incoming.url ?? ""),
			method: incoming.method ?? "",
			status: outgoing.statusCode,
			startedAt: Date.now() - durationMs,
			durationMs,
			traceparent: typeof traceparent === "string" ? traceparent : undefined,
			tracestate: typeof tracestate === "string" ? tracestate : undefined,
		});
	};
}

/** The template of a request target; what is in its place are the names of secrets. */
export function routeOf(target: string): string | undefined {
	if (PLAIN_ROUTES.has(target)) return target;
	const query = target.indexOf("?");
	const path = query === -1 ? target : target.slice(0, query);
	if (PLAIN_ROUTES.has(path)) return path;
	const named = NAMED.exec(path);
	if (named === null) return undefined;
	return named[1] === undefined ? "/v1/secrets/:key" : "/v1/secrets/:namespace/:key";
}
