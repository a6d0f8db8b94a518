import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRouter } from "../src/create-router.js";
import { FakeAgent, secretsOf } from "./fake-agent.js";
import { expectDocumented } from "./openapi/documented.js";
import { shown, TOKEN } from "./requests.js";

let secrets: Awaited<ReturnType<typeof secretsOf>>;
let agent: FakeAgent;

beforeAll(async () => {
	secrets = await secretsOf({ KEY: "value" });
});

beforeEach(() => {
	agent = new FakeAgent(secrets);
});

/** As a container probe asks: without a token. */
const probe = async (path: string) => shown(await createRouter(agent, { token: TOKEN }).request(path));

describe("GET /v1/health", () => {
	it("is 200 without a token, and says how the agent is", async () => {
		expect(await probe("/v1/health")).toEqual({
			status: 200,
			body: {
				status: "ok",
				mode: "cached",
				revision: "r1",
				lastRefreshAt: 1_790_000_000_000,
				expired: false,
				state: "ready",
				lastError: null,
			},
		});
	});

	it("stays 200 with nothing to serve, and passes on code and time of the last error only", async () => {
		const lastError = { code: "SOURCE_TIMEOUT" as const, at: 5, message: "not for health" };
		agent.state = {
			state: "not_loaded",
			mode: "jit",
			revision: null,
			lastRefreshAt: null,
			ageMs: null,
			expiresAt: null,
			expired: false,
			lastError,
		};
		expect(await probe("/v1/health")).toEqual({
			status: 200,
			body: {
				status: "ok",
				mode: "jit",
				revision: null,
				lastRefreshAt: null,
				expired: false,
				state: "not_loaded",
				lastError: { code: "SOURCE_TIMEOUT", at: 5 },
			},
		});
	});
});

describe("GET /v1/ready", () => {
	it("is 200 when secrets would be served", async () => {
		expect(await probe("/v1/ready")).toEqual({ status: 200, body: { ready: true } });
	});

	it.each(["not_loaded", "cache_expired", "artifact_expired", "revoked"] as const)(
		"is 503 when %s",
		async (state) => {
			agent.state = { ...agent.state, state };
			expect(await probe("/v1/ready")).toEqual({ status: 503, body: { ready: false, reason: state } });
		},
	);
});

describe("GET /v1/metrics", () => {
	const METRICS = "# TYPE clef_snapshot_age_seconds gauge\nclef_snapshot_age_seconds 1\n";
	const ask = async (headers: Record<string, string> = { Authorization: `Bearer ${TOKEN}` }) => {
		const router = createRouter(agent, { token: TOKEN, metrics: async () => METRICS });
		const answer = await router.request("/v1/metrics", { headers });
		await expectDocumented("GET", "/v1/metrics", answer);
		return answer;
	};

	it("is Prometheus' text for whoever has the token", async () => {
		const answer = await ask();
		expect(answer.status).toBe(200);
		expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
		expect(await answer.text()).toBe(METRICS);
	});

	it("L29 L30 L31 is refused as a secret endpoint is", async () => {
		const authorization = { Authorization: `Bearer ${TOKEN}` };
		expect((await ask({})).status).toBe(401);
		expect((await ask({ ...authorization, Origin: "https://evil.example" })).status).toBe(400);
		expect((await ask({ ...authorization, Via: "1.1 proxy" })).status).toBe(400);
	});

	it("is not there unless it is wanted", async () => {
		const router = createRouter(agent, { token: TOKEN });
		const answer = await router.request("/v1/metrics", { headers: { Authorization: `Bearer ${TOKEN}` } });
		expect(answer.status).toBe(404);
	});
});
