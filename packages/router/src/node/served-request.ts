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
	readonly traceparent?: string;
	readonly tracestate?: string;
}

const TEMPLATE = /^\/v1\/(?:(?:health|ready|keys|metrics|secrets)$|secrets\/[^/]*(?:\/[^/]*)?$)/;

/** Tells `told` once the response has ended; of one that never began there is nothing to tell. */
export function watchRequest(
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	told: (request: ServedRequest) => void,
): void {
	const startedAt = Date.now();
	const startedMs = performance.now();
	outgoing.once("close", () => {
		if (!outgoing.headersSent) return;
		const { traceparent, tracestate } = incoming.headers;
		told({
			route: routeOf(incoming.url ?? ""),
			method: incoming.method ?? "",
			status: outgoing.statusCode,
			startedAt,
			durationMs: performance.now() - startedMs,
			...(typeof traceparent === "string" && { traceparent }),
			...(typeof tracestate === "string" && { tracestate }),
		});
	});
}

/** The template of a request target; what is in its place are the names of secrets. */
export function routeOf(target: string): string | undefined {
	const query = target.indexOf("?");
	const path = query === -1 ? target : target.slice(0, query);
	if (!TEMPLATE.test(path)) return undefined;
	switch (path.split("/").length) {
		case 4:
			return "/v1/secrets/:key";
		case 5:
			return "/v1/secrets/:namespace/:key";
		default:
			return path;
	}
}
