import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { type GitlabServer, startGitlab, throttled } from "@clef-sh/testkit/gitlab-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";

const TOKEN = "glpat-not-for-any-log-1234";
const { identity, environment } = JSON.parse(vector("signed").toString());
const PATH = `.clef/packed/${identity}/${environment}.age.json`;

async function instance(prefix = "") {
	const gitlab = await startGitlab({
		prefix,
		tokens: { [TOKEN]: { kind: "access", scopes: ["read_repository"] } },
	});
	onTestFinished(() => gitlab.close());
	gitlab.commit(PATH, vector("signed"));
	return gitlab;
}

function variables(gitlab: GitlabServer): Record<string, string> {
	return {
		CLEF_AGENT_VCS_PROVIDER: "gitlab",
		CLEF_AGENT_VCS_REPO: "acme/platform/secrets",
		CLEF_AGENT_VCS_IDENTITY: identity,
		CLEF_AGENT_VCS_ENVIRONMENT: environment,
		CLEF_AGENT_VCS_API_URL: `${gitlab.url}/api/v4`,
		CLEF_AGENT_VCS_TOKEN: TOKEN,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	};
}

async function serving(env: Record<string, string> = {}) {
	const gitlab = await instance();
	const agent = await AgentProcess.ready({ ...variables(gitlab), ...env });
	onTestFinished(() => expect(agent.stderr).not.toContain(TOKEN));
	return { gitlab, agent };
}

async function refusal(changes: Record<string, string>): Promise<string> {
	const gitlab = await instance();
	const agent = await AgentProcess.listening({ ...variables(gitlab), ...changes });
	const { message } = await agent.logged("fetch.failed");
	expect(agent.stderr).not.toContain(TOKEN);
	expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "not_loaded" });
	return message;
}

it("serves what the default branch of a nested project holds, from an instance below a path", async () => {
	const gitlab = await instance("/gitlab");
	const agent = await AgentProcess.ready(variables(gitlab));
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(gitlab.requests).toHaveLength(1);
	expect(gitlab.requests[0]?.url).toMatch(
		/^\/gitlab\/api\/v4\/projects\/acme%2Fplatform%2Fsecrets\/.*\?ref=HEAD$/,
	);
	expect(gitlab.requests[0]?.headers["private-token"]).toBe(TOKEN);
});

it("an unchanged poll costs one request and no body", async () => {
	const { gitlab, agent } = await serving();
	const before = agent.log.length;
	agent.signal("SIGHUP");
	await eventually("a second request", () => gitlab.requests.length === 2);
	expect(gitlab.requests[1]).toMatchObject({ method: "HEAD", responseBytes: 0 });
	agent.signal("SIGHUP");
	await eventually("a third request", () => gitlab.requests.length === 3);
	expect(gitlab.requests.map(({ method }) => method)).toEqual(["GET", "HEAD", "HEAD"]);
	expect(new Set(agent.log.slice(before).map(({ event }) => event))).toEqual(new Set(["agent.refreshing"]));
});

it("takes up what is pushed", async () => {
	const { gitlab, agent } = await serving({ CLEF_AGENT_CACHE_TTL: "10" });
	const packedAt = new Date().toISOString();
	const secrets = { DB_PASSWORD: "rotated" };
	gitlab.commit(PATH, await sealArtifact({ identity, environment, packedAt, revision: "rotated", secrets }));
	await agent.serves(secrets);
	expect(gitlab.requests.slice(-2).map(({ method }) => method)).toContain("GET");
});

it("reads a branch, not the default one, where a ref is given", async () => {
	const gitlab = await instance();
	gitlab.remove(PATH);
	gitlab.commit(PATH, vector("signed"), "release/1");
	const agent = await AgentProcess.ready({ ...variables(gitlab), CLEF_AGENT_VCS_REF: "release/1" });
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

it.each([
	["a wrong token", { CLEF_AGENT_VCS_TOKEN: "glpat-another-one-9876" }, "CLEF_AGENT_VCS_TOKEN"],
	["a missing project", { CLEF_AGENT_VCS_REPO: "acme/missing" }, "CLEF_AGENT_VCS_REPO"],
	["a wrong branch", { CLEF_AGENT_VCS_REF: "no-such" }, "CLEF_AGENT_VCS_REF"],
])("%s is one sentence that names the variable", async (_, changes: Record<string, string>, variable) => {
	const message = await refusal(changes);
	expect(message).toContain(variable);
	expect(message).not.toContain("glpat-");
});

it("T26 outlives an outage longer than the TTL and recovers with unchanged content", async () => {
	const { gitlab, agent } = await serving({ CLEF_AGENT_CACHE_TTL: "4" });
	gitlab.respondWith(behaviours.status(502));
	agent.signal("SIGHUP");
	const failure = await agent.logged("fetch.failed", { level: "WARN" });
	expect(failure.message).toContain("still serving revision");
	await agent.logged("cache.expired");
	gitlab.recover();
	await agent.serves(vectorSecrets);
	await agent.logged("agent.recovered");
});

it.each([
	["T21 an HTML login page", behaviours.html()],
	["T18 a body cut short", behaviours.cutShort(vector("signed").subarray(0, 300))],
	["T17 a compressed bomb", behaviours.gzipBomb(64)],
	["T20 a redirect to a metadata address", behaviours.redirect("http://169.254.169.254/latest")],
	["T22 a used-up rate limit", throttled({ "retry-after": "60" })],
])("%s leaves the last good secrets as they are", async (_, behaviour) => {
	const { gitlab, agent } = await serving();
	gitlab.respondWith(behaviour);
	agent.signal("SIGHUP");
	await eventually("a failure", async () => (await agent.get("/v1/health")).json().lastError !== null);
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

it("the last good secrets stay when the token is revoked, and the reason is logged", async () => {
	const { gitlab, agent } = await serving();
	gitlab.setToken(TOKEN, undefined);
	agent.signal("SIGHUP");
	expect((await agent.logged("fetch.failed")).message).toContain("CLEF_AGENT_VCS_TOKEN");
	expect(await agent.secrets()).toEqual(vectorSecrets);
});
