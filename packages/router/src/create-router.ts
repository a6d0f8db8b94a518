import type { Agent, OpenSecrets } from "@clef-sh/core";
import { type Context, Hono } from "hono";
import { createAuthorization } from "./authorize.js";
import { deliver } from "./deliver.js";
import { errorReply } from "./error-reply.js";
import { markAsMade } from "./own-routes.js";
import { notFound } from "./refusal.js";
import { refuseBrowser } from "./refuse-browser.js";
import { refuseHost } from "./refuse-host.js";
import { refuseMethod } from "./refuse-method.js";
import { refuseProxy } from "./refuse-proxy.js";
import type { Reply } from "./reply.js";
import type { RequestHeaders } from "./request-headers.js";
import { encodedPath } from "./request-target.js";
import { RouterError } from "./router-error.js";
import { keysReply, namedSecretReply, namespacedSecretReply, secretsReply } from "./secrets-routes.js";
import { healthReply, metricsReply, readyReply } from "./status-routes.js";

/** The part of an agent that the HTTP API reads. */
export type RoutedAgent = Pick<Agent, "open" | "status">;

/** How to make a router. */
export interface RouterOptions {
	/** The bearer token that opens the secret endpoints; not empty. A function where it may change meanwhile. */
	readonly token: string | (() => string);
	/** Makes the text of `GET /v1/metrics`, in Prometheus' form; without it there is no such endpoint. */
	readonly metrics?: () => Promise<string>;
}

const UNKNOWN_ENDPOINT = notFound(
	"There is no such endpoint; there are /v1/health, /v1/ready, /v1/keys and /v1/secrets.",
);

/**
 * The HTTP API over an agent, as a web-standard Hono application.
 *
 * Throws `RouterError` (`CONFIG_INVALID`) for an empty token.
 */
export function createRouter(agent: RoutedAgent, options: RouterOptions): Hono {
	if (options.token === "") {
		throw new RouterError("CONFIG_INVALID", "The token is empty; give the router a token to ask for.");
	}
	const { metrics, token } = options;
	const authorize = createAuthorization(typeof token === "string" ? () => token : token);
	const answer = (make: () => Reply) => (c: Context) =>
		deliver(refuse(c.req.raw, c.req.path, authorize) ?? make(), c.env);
	const answerOpen = (make: (c: Context, open: OpenSecrets) => Reply) => async (c: Context) =>
		deliver(refuse(c.req.raw, c.req.path, authorize) ?? make(c, await agent.open()), c.env);

	// Undecoded paths, so that an encoded slash stays inside its name and no other spelling of a path works.
	const router = new Hono({ getPath: encodedPath });
	const health = answer(() => healthReply(agent.status()));
	const ready = answer(() => readyReply(agent.status()));
	router.get("/v1/health", health);
	router.get("/v1/ready", ready);
	router.get("/v1/keys", answerOpen(keysReply));
	router.get("/v1/secrets", answerOpen(secretsReply));
	router.get("/v1/secrets/:key", answerOpen(namedSecretReply));
	router.get("/v1/secrets/:namespace/:key", answerOpen(namespacedSecretReply));
	if (metrics !== undefined) {
		router.get("/v1/metrics", async (c) =>
			deliver(refuse(c.req.raw, c.req.path, authorize) ?? metricsReply(await metrics()), c.env),
		);
	}
	router.notFound(answer(() => UNKNOWN_ENDPOINT));
	router.onError((error, c) => deliver(errorReply(error), c.env));
	markAsMade(router);
	return router;
}

/** The checks that come before any route, in the order the contract gives. */
function refuse(
	request: Request,
	path: string,
	authorize: (headers: RequestHeaders) => Reply | undefined,
): Reply | undefined {
	const refused = refuseHost(request) ?? refuseMethod(request.method);
	if (refused !== undefined || !isSecretEndpoint(path)) return refused;
	const { headers } = request;
	return refuseBrowser(headers) ?? refuseProxy(headers) ?? authorize(headers);
}

function isSecretEndpoint(path: string): boolean {
	return (
		path === "/v1/secrets" || path.startsWith("/v1/secrets/") || path === "/v1/keys" || path === "/v1/metrics"
	);
}
