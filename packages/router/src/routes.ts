import { type Agent, type Clock, type OpenSecrets, type RefreshOutcome, systemClock } from "@clef-sh/core";
import { createAuthorization } from "./authorize.js";
import { errorReply } from "./error-reply.js";
import type { Changes } from "./push/changes.js";
import { PushRoutes } from "./push/push-routes.js";
import { createRefreshRoute } from "./refresh-route.js";
import { notFound } from "./refusal.js";
import { createRefusals, type Refusals } from "./refusals.js";
import { REFRESH_PATH } from "./refuse-method.js";
import type { Reply } from "./reply.js";
import type { RouteRequest } from "./route-request.js";
import { keysReply, namedSecretReply, namespacedSecretReply, secretsReply } from "./secrets-routes.js";
import { healthReply, metricsReply, readyReply } from "./status-routes.js";

/** The part of an agent that the HTTP API reads. */
export type RoutedAgent = Pick<Agent, "open" | "openNow" | "status">;

/** What the routes answer from. */
export interface RoutesOptions {
	/** The bearer token that opens the secret endpoints, as it is now. */
	readonly token: () => string;
	/** Makes the text of `GET /v1/metrics`, in Prometheus' form; without it there is no such endpoint. */
	readonly metrics?: () => Promise<string>;
	/** Hears of the agent's events; without it there is no `GET /v1/events`, and nobody can wait for other secrets. */
	readonly changes?: Changes;
	/** What `POST /v1/refresh` starts; without it there is no such endpoint. */
	readonly refresh?: () => Promise<RefreshOutcome>;
	readonly clock?: Pick<Clock, "monotonic" | "setTimeout">;
}

/** One endpoint: its method, its path, and what is answered there; no promise where nothing must be waited for. */
interface Route {
	readonly method: "GET" | "POST";
	readonly path: string;
	readonly answer: (request: RouteRequest) => Reply | Promise<Reply>;
}

const UNKNOWN_ENDPOINT = notFound(
	"There is no such endpoint; there are /v1/health, /v1/ready, /v1/keys and /v1/secrets.",
);

/** What `/v1/secrets/:key` and `/v1/secrets/:namespace/:key` begin with. */
const NAMED = "/v1/secrets/";

/** The endpoints over an agent, and the checks that come before each of them. */
export class Routes {
	readonly #agent: RoutedAgent;
	readonly #refuse: Refusals;
	readonly #exact: ReadonlyMap<string, Route>;

	constructor(agent: RoutedAgent, options: RoutesOptions) {
		this.#agent = agent;
		this.#refuse = createRefusals(createAuthorization(options.token));
		const routes = [
			...statusRoutes(agent),
			...secretRoutes(agent, options),
			...optionalRoutes(agent, options),
		];
		this.#exact = new Map(routes.map((route) => [route.path, route]));
	}

	/** Methods and path templates of all endpoints. */
	get templates(): readonly Pick<Route, "method" | "path">[] {
		const named = ["/v1/secrets/:key", "/v1/secrets/:namespace/:key"];
		return [...this.#exact.values(), ...named.map((path) => ({ method: "GET", path }) as const)];
	}

	/** The reply to a request; a failure is one as well, so this neither throws nor rejects. */
	answer(request: RouteRequest): Reply | Promise<Reply> {
		try {
			const reply = this.#refuse(request) ?? this.#find(request);
			return reply instanceof Promise ? reply.catch(errorReply) : reply;
		} catch (error) {
			return errorReply(error);
		}
	}

	#find(request: RouteRequest): Reply | Promise<Reply> {
		const route = this.#exact.get(request.path);
		if (route !== undefined) return route.answer(request);
		if (!request.path.startsWith(NAMED)) return UNKNOWN_ENDPOINT;
		const names = request.path.slice(NAMED.length);
		const slash = names.indexOf("/");
		if (slash === -1 && names !== "")
			return withOpen(this.#agent, (open) => namedSecretReply(request, open, names));
		if (slash < 1) return UNKNOWN_ENDPOINT;
		const [namespace, key] = [names.slice(0, slash), names.slice(slash + 1)];
		if (key === "" || key.includes("/")) return UNKNOWN_ENDPOINT;
		return withOpen(this.#agent, (open) => namespacedSecretReply(request, open, namespace, key));
	}
}

function statusRoutes(agent: RoutedAgent): readonly Route[] {
	return [
		{ method: "GET", path: "/v1/health", answer: () => healthReply(agent.status()) },
		{ method: "GET", path: "/v1/ready", answer: () => readyReply(agent.status()) },
	];
}

function secretRoutes(agent: RoutedAgent, { changes, clock = systemClock() }: RoutesOptions): Route[] {
	const push = changes && new PushRoutes({ agent, changes, clock });
	const secrets = (request: RouteRequest) => withOpen(agent, (open) => secretsReply(request, open));
	const routes: Route[] = [
		{
			method: "GET",
			path: "/v1/secrets",
			answer: (request) =>
				push?.wait(request)?.then((early) => early ?? secrets(request)) ?? secrets(request),
		},
		{ method: "GET", path: "/v1/keys", answer: () => withOpen(agent, keysReply) },
	];
	if (push !== undefined) {
		routes.push({ method: "GET", path: "/v1/events", answer: (request) => push.events(request) });
	}
	return routes;
}

function optionalRoutes(agent: RoutedAgent, options: RoutesOptions): readonly Route[] {
	const { clock = systemClock(), metrics, refresh } = options;
	const routes: Route[] = [];
	if (metrics !== undefined) {
		routes.push({ method: "GET", path: "/v1/metrics", answer: async () => metricsReply(await metrics()) });
	}
	if (refresh !== undefined) {
		const revision = () => agent.status().revision;
		const answer = createRefreshRoute({ refresh, revision, monotonic: () => clock.monotonic() });
		routes.push({ method: "POST", path: REFRESH_PATH, answer });
	}
	return routes;
}

function withOpen(agent: RoutedAgent, make: (open: OpenSecrets) => Reply): Reply | Promise<Reply> {
	const open = agent.openNow();
	return open === undefined ? agent.open().then(make) : make(open);
}
