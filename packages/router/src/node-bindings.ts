import type { IncomingMessage, ServerResponse } from "node:http";

/** What our node layer passes along with a request, once its guard has let the request through. */
export interface NodeBindings {
	readonly incoming: IncomingMessage;
	readonly outgoing: ServerResponse;
	/** What a route gives back when it has written the reply itself. */
	readonly alreadySent: Response;
	/** False where whoever can connect is trusted; anything else asks. */
	readonly asksToken?: boolean;
}

/** The bindings of a request, where it came through our node layer. */
export function nodeBindings(env: unknown): NodeBindings | undefined {
	return hasNodeBindings(env) ? env : undefined;
}

function hasNodeBindings(env: unknown): env is NodeBindings {
	return typeof env === "object" && env !== null && "alreadySent" in env;
}
