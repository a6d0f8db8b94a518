import { refuseBrowser } from "./refuse-browser.js";
import { refuseHost } from "./refuse-host.js";
import { refuseMethod } from "./refuse-method.js";
import { refuseProxy } from "./refuse-proxy.js";
import type { Reply } from "./reply.js";
import type { RequestHeaders } from "./request-headers.js";
import type { RouteRequest } from "./route-request.js";

/** What to answer instead of what was asked for, if anything. */
export type Refusals = (request: RouteRequest) => Reply | undefined;

const SECRET_ENDPOINTS: ReadonlySet<string> = new Set([
	"/v1/secrets",
	"/v1/keys",
	"/v1/metrics",
	"/v1/events",
	"/v1/refresh",
]);

/** The checks that come before any route, in the order the contract gives. */
export function createRefusals(authorize: (headers: RequestHeaders) => Reply | undefined): Refusals {
	return ({ asksToken, headers, hostToCheck, method, path }) => {
		const refused =
			(hostToCheck === undefined ? undefined : refuseHost(hostToCheck)) ?? refuseMethod(method, path);
		if (refused !== undefined || !isSecretEndpoint(path)) return refused;
		return refuseBrowser(headers) ?? refuseProxy(headers) ?? (asksToken ? authorize(headers) : undefined);
	};
}

function isSecretEndpoint(path: string): boolean {
	return SECRET_ENDPOINTS.has(path) || path.startsWith("/v1/secrets/");
}
