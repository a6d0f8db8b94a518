import { sealArtifact } from "@clef-sh/testkit/artifacts";
import type { BitbucketApi } from "@clef-sh/testkit/bitbucket-api";
import { startBitbucketDataCenterServer } from "@clef-sh/testkit/bitbucket-datacenter-server";
import type { BitbucketRepository } from "@clef-sh/testkit/bitbucket-repository";
import { startBitbucketServer } from "@clef-sh/testkit/bitbucket-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";

const { identity, environment } = JSON.parse(vector("signed").toString());
const PATH = `.clef/packed/${identity}/${environment}.age.json`;

/** Either fake. */
type Place = BitbucketApi & {
	readonly url: string;
	readonly repository: BitbucketRepository;
	readonly credentials: Set<string>;
};

const FLAVOURS = [
	{
		flavour: "Cloud with an API token",
		start: startBitbucketServer,
		repo: "acme/app",
		token: "dev@acme.example:ATATT3x-not-for-any-log",
		authorization: `Basic ${Buffer.from("dev@acme.example:ATATT3x-not-for-any-log").toString("base64")}`,
		firstRequests: 3,
		poll: /\/2\.0\/repositories\/acme\/app\/src\/main\/.*\?format=meta&fields=/,
		smallBytes: 150,
	},
	{
		flavour: "Data Center under a path with an access token",
		start: () => startBitbucketDataCenterServer({ contextPath: "/bitbucket", repo: "~dev/app" }),
		repo: "~dev/app",
		token: "BBDC-not-for-any-log",
		authorization: "Bearer BBDC-not-for-any-log",
		firstRequests: 2,
		poll: /\/bitbucket\/rest\/api\/latest\/projects\/~dev\/repos\/app\/commits\?path=.*&limit=1$/,
		smallBytes: 500,
	},
];

describe.each(FLAVOURS)("Bitbucket $flavour", (flavour) => {
	const { start, repo, token, authorization } = flavour;
	const tokenParts = [token, token.split(":").at(-1) ?? "", authorization];

	async function opened(): Promise<Place> {
		const place: Place = await start();
		onTestFinished(() => place.server.close());
		place.credentials.add(authorization);
		place.repository.commit({ [PATH]: vector("signed") });
		return place;
	}

	const variables = (place: Place): Record<string, string> => ({
		CLEF_AGENT_VCS_PROVIDER: "bitbucket",
		CLEF_AGENT_VCS_REPO: repo,
		CLEF_AGENT_VCS_IDENTITY: identity,
		CLEF_AGENT_VCS_ENVIRONMENT: environment,
		CLEF_AGENT_VCS_API_URL: place.url,
		CLEF_AGENT_VCS_TOKEN: token,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	});

	function guarded(agent: AgentProcess): AgentProcess {
		onTestFinished(() => {
			for (const part of tokenParts) expect(agent.stderr).not.toContain(part);
		});
		return agent;
	}

	async function serving(env: Record<string, string> = {}) {
		const place = await opened();
		const agent = guarded(await AgentProcess.ready({ ...variables(place), ...env }));
		return { place, agent };
	}

	it("serves what the default branch holds", async () => {
		const { place, agent } = await serving();
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(place.exchanges).toHaveLength(flavour.firstRequests);
		expect(place.exchanges.every((each) => each.authorization === authorization)).toBe(true);
	});

	it("an unchanged poll costs one small request, and no log line", async () => {
		const { place, agent } = await serving();
		const before = agent.log.length;
		for (const count of [1, 2]) {
			agent.signal("SIGHUP");
			await eventually("one more request", () => place.exchanges.length === flavour.firstRequests + count);
			expect(place.exchanges.at(-1)?.url).toMatch(flavour.poll);
			expect(place.exchanges.at(-1)?.responseBytes).toBeLessThan(flavour.smallBytes);
		}
		await agent.get("/v1/health");
		expect(new Set(agent.log.slice(before).map(({ event }) => event))).toEqual(new Set(["agent.refreshing"]));
	});

	it("takes up what is pushed", async () => {
		const { place, agent } = await serving();
		const secrets = { DB_PASSWORD: "rotated" };
		const packedAt = new Date().toISOString();
		const fresh = await sealArtifact({ identity, environment, packedAt, revision: "rotated", secrets });
		place.repository.commit({ [PATH]: fresh });
		agent.signal("SIGHUP");
		await agent.serves(secrets);
	});

	it("reads a branch with a slash in its name", async () => {
		const place = await opened();
		place.repository.commit({ [PATH]: null });
		place.repository.commit({ [PATH]: vector("signed") }, "release/1");
		const ref = { CLEF_AGENT_VCS_REF: "release/1" };
		const agent = guarded(await AgentProcess.ready({ ...variables(place), ...ref }));
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	it.each([
		["a wrong token", { CLEF_AGENT_VCS_TOKEN: "another-token-1234" }, "CLEF_AGENT_VCS_TOKEN"],
		["a missing repository", { CLEF_AGENT_VCS_REPO: "acme/missing" }, "CLEF_AGENT_VCS_REPO"],
		["a wrong branch", { CLEF_AGENT_VCS_REF: "no-such" }, "CLEF_AGENT_VCS_REF"],
		["a missing file", { CLEF_AGENT_VCS_IDENTITY: "no-such" }, "CLEF_AGENT_VCS_IDENTITY"],
	])("%s is one sentence that names the variable", async (_, changes: Record<string, string>, variable) => {
		const place = await opened();
		const agent = guarded(await AgentProcess.listening({ ...variables(place), ...changes }));
		const { message } = await agent.logged("fetch.failed");
		expect(message).toContain(variable);
		expect(agent.stderr).not.toContain("another-token");
		expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "not_loaded" });
	});

	it("T26 outlives an outage longer than the TTL and recovers with unchanged content", async () => {
		const { place, agent } = await serving({ CLEF_AGENT_CACHE_TTL: "4" });
		place.interpose([behaviours.status(502)]);
		agent.signal("SIGHUP");
		const failure = await agent.logged("fetch.failed", { level: "WARN" });
		expect(failure.message).toContain("still serving revision");
		await agent.logged("cache.expired");
		place.behave();
		await agent.serves(vectorSecrets);
		await agent.logged("agent.recovered");
	});

	it.each([
		["T21 an HTML login page", behaviours.html()],
		["T18 a body cut short", behaviours.cutShort("{")],
		["T17 a compressed bomb", behaviours.gzipBomb(64)],
		["T20 a redirect to a metadata address", behaviours.redirect("http://169.254.169.254/latest")],
		["T22 a used-up rate limit", behaviours.status(429, { "retry-after": "60" })],
	])("%s leaves the last good secrets as they are", async (_, behaviour) => {
		const { place, agent } = await serving();
		place.interpose([behaviour]);
		agent.signal("SIGHUP");
		await eventually("a failure", async () => (await agent.get("/v1/health")).json().lastError !== null);
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	it("the last good secrets stay when the token expires, and the reason is logged", async () => {
		const { place, agent } = await serving();
		place.credentials.clear();
		agent.signal("SIGHUP");
		expect((await agent.logged("fetch.failed")).message).toContain("CLEF_AGENT_VCS_TOKEN");
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});
});
