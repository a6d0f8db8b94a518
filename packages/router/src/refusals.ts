import type { Context } from "hono";
import { nodeBindings, TCP_ENTRANCE } from "./node-bindings.js";
import { refuseBrowser } from "./refuse-browser.js";
import { refuseHost } from "./refuse-host.js";
import { refuseMethod } from "./refuse-method.js";
import { refuseProxy } from "./refuse-proxy.js";
import type { Reply } from "./reply.js";
import type { RequestHeaders } from "./request-headers.js";

/** What to answer instead of what was asked for, if anything. */
export type Refusals = (c: Context) => Reply | undefined;

const SECRET_ENDPOINTS: ReadonlySet<string> = new Set([
	"/v1/secrets",
	"/v1/keys",
	"/v1/metrics",
	"/v1/events",
	"/v1/refresh",
]);

/** The checks that come before any route, in the order the contract gives. */
export function createRefusals(authorize: (headers: RequestHeaders) => Reply | undefined): Refusals {
	return (c) => {
		const { raw: request, path } = c.req;
		const { asksToken, checksHost } = nodeBindings(c.env)?.entrance ?? TCP_ENTRANCE;
		const refused = (checksHost ? refuseHost(request) : undefined) ?? refuseMethod(request.method, path);
		if (refused !== undefined || !isSecretEndpoint(path)) return refused;
		const { headers } = request;
		return refuseBrowser(headers) ?? refuseProxy(headers) ?? (asksToken ? authorize(headers) : undefined);
	};
}

function isSecretEndpoint(path: string): boolean {
	return SECRET_ENDPOINTS.has(path) || path.startsWith("/v1/secrets/");
}
