import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";

const QUERY_SECRET = "X-Amz-Signature=do-not-log-this";
const SOURCE_TOKEN = "source-token-not-for-logs";

async function agentOnServer(...env: Record<string, string>[]) {
	const server = await startServer(behaviours.ok(vector("signed")));
	onTestFinished(() => server.close());
	const agent = await AgentProcess.ready(
		Object.assign(
			{
				CLEF_AGENT_SOURCE: `${server.url}/packed.json?${QUERY_SECRET}`,
				CLEF_AGENT_SOURCE_TOKEN: SOURCE_TOKEN,
				CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			},
			...env,
		),
	);
	return { server, agent };
}

it("an unchanged artifact costs no body, and no log line", async () => {
	const { server, agent } = await agentOnServer();
	const before = agent.log.length;
	agent.signal("SIGHUP");
	await eventually("a second request", () => server.requests.length === 2);
	const [first, second] = server.requests;
	expect(first?.headers["if-none-match"]).toBeUndefined();
	expect(second?.headers["if-none-match"]).toMatch(/^"[0-9a-f]{64}"$/);
	expect(second?.headers.authorization).toBe(`Bearer ${SOURCE_TOKEN}`);
	const refreshedAt = async () => (await agent.get("/v1/health")).json().lastRefreshAt;
	const firstRefresh = agent.log.find(({ event }) => event === "artifact.refreshed")?.["@timestamp"];
	await eventually("a confirmation", async () => (await refreshedAt()) > Date.parse(String(firstRefresh)));
	expect(agent.log.slice(before).map(({ event }) => event)).toEqual(["agent.refreshing"]);
});

it("polls by itself, and far more often than the secrets would go stale", async () => {
	const { server } = await agentOnServer({ CLEF_AGENT_CACHE_TTL: "10" });
	await eventually("three polls", () => server.requests.length >= 4);
});

it("T27 never says a query, a source token or a secret", async () => {
	const { server, agent } = await agentOnServer();
	server.respondWith(behaviours.status(403));
	agent.signal("SIGHUP");
	const failure = await agent.logged("fetch.failed");
	expect(failure.source).toContain("/packed.json");
	expect(agent.stderr).not.toContain("X-Amz");
	expect(agent.stderr).not.toContain(SOURCE_TOKEN);
	expect((await agent.get("/v1/health")).text).not.toContain("X-Amz");
});

it("T26 outlives an outage longer than the TTL and recovers with unchanged content", async () => {
	const { server, agent } = await agentOnServer({ CLEF_AGENT_CACHE_TTL: "4" });
	server.respondWith(behaviours.status(500));
	agent.signal("SIGHUP");
	const failure = await agent.logged("fetch.failed", { level: "WARN" });
	expect(failure.message).toContain("still serving revision");
	await agent.logged("cache.expired");
	expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "cache_expired" });
	expect(await agent.secrets()).toMatchObject({ status: 503 });

	server.respondWith(behaviours.ok(vector("signed")));
	await agent.serves(vectorSecrets);
	await agent.logged("agent.recovered");
	expect((await agent.get("/v1/health")).json()).toMatchObject({ state: "ready", lastError: null });
});

it("starts while the source is down, and serves when it comes back", async () => {
	const server = await startServer(behaviours.status(503));
	onTestFinished(() => server.close());
	const agent = await AgentProcess.listening({ CLEF_AGENT_SOURCE: server.url });
	await agent.logged("fetch.failed");
	expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "not_loaded" });
	server.respondWith(behaviours.ok(vector("plain")));
	await agent.serves(vectorSecrets);
});

it.each([
	["T21 an HTML login page", behaviours.html()],
	["T18 a body cut short", behaviours.cutShort(vector("signed").subarray(0, 300))],
	["T17 a compressed bomb", behaviours.gzipBomb(64)],
	["T18 a body without end", behaviours.endless()],
	["T20 a redirect to a metadata address", behaviours.redirect("http://169.254.169.254/latest")],
])("%s leaves the last good secrets as they are", async (_, behaviour) => {
	const { server, agent } = await agentOnServer();
	server.respondWith(behaviour);
	agent.signal("SIGHUP");
	await eventually("a failure", async () => (await agent.get("/v1/health")).json().lastError !== null);
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

it("says the same failure once, however often it comes", async () => {
	const { server, agent } = await agentOnServer({ CLEF_AGENT_CACHE_TTL: "20" });
	server.respondWith(behaviours.status(500));
	agent.signal("SIGHUP");
	await agent.logged("fetch.failed");
	const seen = server.requests.length;
	await eventually("two more attempts", () => server.requests.length >= seen + 2);
	expect(agent.log.filter(({ event }) => event === "fetch.failed")).toHaveLength(1);
});
