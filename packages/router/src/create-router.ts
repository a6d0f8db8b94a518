import { type Agent, type Clock, type OpenSecrets, type RefreshOutcome, systemClock } from "@clef-sh/core";
import { type Context, Hono } from "hono";
import { createAuthorization } from "./authorize.js";
import { deliver } from "./deliver.js";
import { errorReply } from "./error-reply.js";
import { markAsMade } from "./own-routes.js";
import type { Changes } from "./push/changes.js";
import { PushRoutes } from "./push/push-routes.js";
import { createRefreshRoute } from "./refresh-route.js";
import { notFound } from "./refusal.js";
import { createRefusals, type Refusals } from "./refusals.js";
import { REFRESH_PATH } from "./refuse-method.js";
import type { Reply } from "./reply.js";
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
	/** Hears of the agent's events; without it there is no `GET /v1/events`, and nobody can wait for other secrets. */
	readonly changes?: Changes;
	/** What `POST /v1/refresh` starts; without it there is no such endpoint. */
	readonly refresh?: () => Promise<RefreshOutcome>;
	readonly clock?: Pick<Clock, "monotonic" | "setTimeout">;
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
	const { token } = options;
	const refuse = createRefusals(createAuthorization(typeof token === "string" ? () => token : token));
	const answer = (make: () => Reply) => (c: Context) => deliver(refuse(c) ?? make(), c.env);
	const answerOpen = (make: (c: Context, open: OpenSecrets) => Reply) => async (c: Context) =>
		deliver(refuse(c) ?? make(c, await agent.open()), c.env);

	// Undecoded paths, so that an encoded slash stays inside its name and no other spelling of a path works.
	const router = new Hono({ getPath: encodedPath });
	const health = answer(() => healthReply(agent.status()));
	const ready = answer(() => readyReply(agent.status()));
	router.get("/v1/health", health);
	router.get("/v1/ready", ready);
	router.get("/v1/keys", answerOpen(keysReply));
	addSecrets(router, agent, refuse, options);
	router.get("/v1/secrets/:key", answerOpen(namedSecretReply));
	router.get("/v1/secrets/:namespace/:key", answerOpen(namespacedSecretReply));
	addOptional(router, agent, refuse, options);
	router.notFound(answer(() => UNKNOWN_ENDPOINT));
	router.onError((error, c) => deliver(errorReply(error), c.env));
	markAsMade(router);
	return router;
}

/** `GET /v1/secrets`, and where there are changes to wait for, `GET /v1/events`. */
function addSecrets(router: Hono, agent: RoutedAgent, refuse: Refusals, options: RouterOptions): void {
	const { changes, clock = systemClock() } = options;
	const push = changes && new PushRoutes({ agent, changes, clock });
	router.get("/v1/secrets", async (c) => {
		const refused = refuse(c);
		if (refused !== undefined) return deliver(refused, c.env);
		const waiting = push?.wait(c);
		const early = waiting && (await waiting);
		return deliver(early ?? secretsReply(c, await agent.open()), c.env);
	});
	if (push !== undefined) router.get("/v1/events", (c) => deliver(refuse(c) ?? push.events(c), c.env));
}

function addOptional(router: Hono, agent: RoutedAgent, refuse: Refusals, options: RouterOptions): void {
	const { clock = systemClock(), metrics, refresh } = options;
	if (metrics !== undefined)
		router.get("/v1/metrics", async (c) => deliver(refuse(c) ?? metricsReply(await metrics()), c.env));
	if (refresh !== undefined) {
		const revision = () => agent.status().revision;
		const reply = createRefreshRoute({ refresh, revision, monotonic: () => clock.monotonic() });
		router.post(REFRESH_PATH, async (c) => deliver(refuse(c) ?? (await reply()), c.env));
	}
}
