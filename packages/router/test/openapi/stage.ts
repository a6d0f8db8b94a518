import { CacheError, SourceError } from "@clef-sh/core";
import { ManualClock } from "@clef-sh/testkit/clock";
import { Changes, createRouter } from "../../src/index.js";
import { FakeAgent } from "../fake-agent.js";
import { TOKEN } from "../requests.js";

/** A request, and the answer it gets. */
export interface Case {
	/** As the document names the operation. */
	readonly operation: string;
	/** What is asked for; default: the operation's own path. */
	readonly path?: string;
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** What happens before. */
	readonly given?: (stage: Stage) => unknown;
}

/** A router with everything that a router can have, and what may become of it. */
export class Stage {
	readonly #agent: FakeAgent;
	#router: ReturnType<typeof createRouter>;

	private constructor(agent: FakeAgent) {
		this.#agent = agent;
		this.#router = createRouter(agent, {
			token: TOKEN,
			clock: new ManualClock(),
			metrics: async () => "up 1\n",
			changes: new Changes(),
			refresh: async () => ({ kind: "kept", error: new SourceError("SOURCE_TIMEOUT", "It took too long.") }),
		});
	}

	/** Two of its secrets have the same key, and two the same flat name. */
	static async start(): Promise<Stage> {
		return new Stage(await FakeAgent.of({ a: { b__KEY: "1", KEY: "2" }, a__b: { KEY: "3" } }));
	}

	/** The routes it has, as the document names operations. */
	get operations(): readonly string[] {
		const all = this.#router.routes.map(
			({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
		);
		return [...new Set(all)].sort();
	}

	/** The answer to a case's request; what comes before has happened. */
	async answer(one: Case): Promise<Response> {
		await one.given?.(this);
		return this.send(one);
	}

	/** Sends a case's request alone. */
	async send({ operation, path, headers }: Case): Promise<Response> {
		const [method = "", own = ""] = operation.split(" ");
		return this.#router.request(path ?? own, {
			method,
			headers: { Authorization: `Bearer ${TOKEN}`, ...headers },
		});
	}

	/** Leaves out whatever is optional. */
	reduce(): void {
		this.#router = createRouter(this.#agent, { token: TOKEN });
	}

	/** Nothing may be served any more. */
	revoke(): void {
		this.#agent.state = { ...this.#agent.state, state: "revoked" };
		this.#agent.failure = new CacheError("ARTIFACT_REVOKED", "It was revoked.", { reason: "revoked" });
	}

	/** As many wait for changes as may. */
	async fill(): Promise<void> {
		for (let waiting = 0; waiting < 1_024; waiting += 1)
			await this.send({ operation: "GET /v1/events", status: 200 });
	}
}

const revoked = (stage: Stage): void => stage.revoke();
const reduced = (stage: Stage): void => stage.reduce();
const filled = (stage: Stage): Promise<void> => stage.fill();

/** One case at least for each answer that is an operation's own. */
export const CASES: readonly Case[] = [
	{ operation: "GET /v1/health", status: 200 },
	{ operation: "GET /v1/ready", status: 200 },
	{ operation: "GET /v1/ready", status: 503, given: revoked },
	{ operation: "GET /v1/metrics", status: 200 },
	{ operation: "GET /v1/metrics", status: 404, given: reduced },
	{ operation: "GET /v1/secrets", status: 200 },
	{ operation: "GET /v1/secrets", status: 304, headers: { "If-None-Match": "*" } },
	{ operation: "GET /v1/secrets", path: "/v1/secrets?format=flat", status: 409 },
	{ operation: "GET /v1/secrets", status: 503, given: revoked },
	{
		operation: "GET /v1/secrets",
		path: "/v1/secrets?wait=1",
		headers: { "If-None-Match": '"r1"' },
		status: 503,
		given: filled,
	},
	{ operation: "GET /v1/secrets/{key}", path: "/v1/secrets/a__KEY", status: 200 },
	{ operation: "GET /v1/secrets/{key}", path: "/v1/secrets/NONE", status: 404 },
	{ operation: "GET /v1/secrets/{key}", path: "/v1/secrets/KEY", status: 409 },
	{ operation: "GET /v1/secrets/{key}", path: "/v1/secrets/KEY", status: 503, given: revoked },
	{ operation: "GET /v1/secrets/{namespace}/{key}", path: "/v1/secrets/a/KEY", status: 200 },
	{ operation: "GET /v1/secrets/{namespace}/{key}", path: "/v1/secrets/b/KEY", status: 404 },
	{ operation: "GET /v1/secrets/{namespace}/{key}", path: "/v1/secrets/a/KEY", status: 503, given: revoked },
	{ operation: "GET /v1/keys", status: 200 },
	{ operation: "GET /v1/keys", status: 503, given: revoked },
	{ operation: "GET /v1/events", status: 200 },
	{ operation: "GET /v1/events", status: 404, given: reduced },
	{ operation: "GET /v1/events", status: 503, given: filled },
	{ operation: "POST /v1/refresh", status: 200 },
	{ operation: "POST /v1/refresh", status: 404, given: reduced },
	{
		operation: "POST /v1/refresh",
		status: 429,
		given: (stage) => stage.send({ operation: "POST /v1/refresh", status: 200 }),
	},
];
