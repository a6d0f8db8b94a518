import { generateKeyPairSync } from "node:crypto";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { startGithubServer } from "@clef-sh/testkit/github-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { type GithubEmulator, startGithubEmulator } from "./github-emulator.js";

const { identity, environment } = JSON.parse(vector("signed").toString());
const PATH = `.clef/packed/${identity}/${environment}.age.json`;

function variables(apiUrl: string): Record<string, string> {
	return {
		CLEF_AGENT_VCS_PROVIDER: "github",
		CLEF_AGENT_VCS_REPO: "acme/app",
		CLEF_AGENT_VCS_IDENTITY: identity,
		CLEF_AGENT_VCS_ENVIRONMENT: environment,
		CLEF_AGENT_VCS_API_URL: apiUrl,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	};
}

const rotated = () =>
	sealArtifact({
		identity,
		environment,
		packedAt: new Date().toISOString(),
		revision: "rotated",
		secrets: { DB_PASSWORD: "rotated" },
	});

describe("with the emulate package as GitHub", () => {
	async function emulated() {
		const github = await startGithubEmulator();
		await github.push(PATH, vector("signed"));
		return github;
	}
	const asUser = (github: GithubEmulator) => ({
		...variables(github.url),
		CLEF_AGENT_VCS_TOKEN: github.token,
	});
	const asApp = ({ url, app }: GithubEmulator) => ({
		...variables(url),
		CLEF_AGENT_VCS_APP_ID: app.id,
		CLEF_AGENT_VCS_APP_INSTALLATION_ID: app.installationId,
		CLEF_AGENT_VCS_APP_PRIVATE_KEY: app.privateKey.replaceAll("\n", "\\n"),
	});

	it("serves what the default branch of a private repository holds, and takes up what is pushed", async () => {
		const github = await emulated();
		const agent = await AgentProcess.ready(asUser(github));
		expect(await agent.secrets()).toEqual(vectorSecrets);
		await github.push(PATH, await rotated());
		agent.signal("SIGHUP");
		await agent.serves({ DB_PASSWORD: "rotated" });
		expect(agent.stderr).not.toContain(github.token);
	});

	it("reads another branch where a ref is given", async () => {
		const github = await emulated();
		await github.branch("release/1");
		await github.push(PATH, await rotated(), "release/1");
		const agent = await AgentProcess.ready({ ...asUser(github), CLEF_AGENT_VCS_REF: "release/1" });
		expect(await agent.secrets()).toEqual({ DB_PASSWORD: "rotated" });
	});

	it("serves as a GitHub App", async () => {
		const github = await emulated();
		const agent = await AgentProcess.ready(asApp(github));
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(agent.stderr).not.toMatch(/PRIVATE KEY-|eyJ|ghs_/);
	});

	it("bad input is one sentence that names the variable", async () => {
		const github = await emulated();
		await github.push(PATH.replace(environment, "folder").replace(".json", ".json/x"), Buffer.from("{}"));
		const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		const stranger = String(privateKey.export({ type: "pkcs8", format: "pem" }));
		for (const [env, variable] of [
			[{ ...asUser(github), CLEF_AGENT_VCS_REPO: "acme/missing" }, "CLEF_AGENT_VCS_REPO"],
			[{ ...asUser(github), CLEF_AGENT_VCS_REF: "missing" }, "CLEF_AGENT_VCS_REF"],
			[{ ...asUser(github), CLEF_AGENT_VCS_IDENTITY: "missing" }, "CLEF_AGENT_VCS_IDENTITY"],
			[{ ...asUser(github), CLEF_AGENT_VCS_ENVIRONMENT: "folder" }, "not a file but a directory"],
			[{ ...asApp(github), CLEF_AGENT_VCS_APP_PRIVATE_KEY: stranger }, "CLEF_AGENT_VCS_APP_PRIVATE_KEY"],
			[{ ...asApp(github), CLEF_AGENT_VCS_APP_INSTALLATION_ID: "9" }, "_APP_INSTALLATION_ID"],
		] as const) {
			const agent = await AgentProcess.listening(env);
			const { message } = await agent.logged("fetch.failed");
			expect(message).toContain(variable);
			expect(agent.stderr).not.toMatch(/ghp_|PRIVATE KEY-|eyJ/);
			await agent.stop();
		}
	});
});

describe("with conditional requests and rate limits as GitHub has them", () => {
	const TOKEN = "github_pat_not-for-any-log";

	async function serving(env: Record<string, string> = {}) {
		const github = await startGithubServer({ basePath: "/api/v3" });
		onTestFinished(() => github.close());
		github.repositories.add("acme/app");
		github.repositories.put("acme/app", PATH, { kind: "file", bytes: vector("signed") });
		github.allow(TOKEN, ["acme/app"]);
		const agent = await AgentProcess.ready({
			...variables(`${github.apiUrl}/`),
			CLEF_AGENT_VCS_TOKEN: TOKEN,
			...env,
		});
		onTestFinished(() => expect(agent.stderr).not.toContain(TOKEN));
		return { github, agent };
	}
	const put = (github: Awaited<ReturnType<typeof serving>>["github"], bytes: Uint8Array) =>
		github.repositories.put("acme/app", PATH, { kind: "file", bytes });

	it("an unchanged poll costs one request, no body, no quota and no log line", async () => {
		const { github, agent } = await serving();
		const before = agent.log.length;
		agent.signal("SIGHUP");
		await eventually("a second request", () => github.costs.length === 2);
		agent.signal("SIGHUP");
		await eventually("a third request", () => github.costs.length === 3);
		const unchanged = { status: 304, bodyBytes: 0, remaining: 4999 };
		expect(github.costs.slice(1)).toEqual([unchanged, unchanged]);
		expect(new Set(agent.log.slice(before).map(({ event }) => event))).toEqual(new Set(["agent.refreshing"]));
	});

	it("polls by itself and takes up what is pushed", async () => {
		const { github, agent } = await serving({ CLEF_AGENT_CACHE_TTL: "10" });
		put(github, await rotated());
		await agent.serves({ DB_PASSWORD: "rotated" });
	});

	it("the last good secrets stay when the token is revoked, and the reason is logged", async () => {
		const { github, agent } = await serving();
		github.revoke(TOKEN);
		agent.signal("SIGHUP");
		expect((await agent.logged("fetch.failed")).message).toContain("CLEF_AGENT_VCS_TOKEN");
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	it.each([
		["T17 a compressed bomb", behaviours.gzipBomb(64)],
		["T20 a redirect to a metadata address", behaviours.redirect("http://169.254.169.254/latest")],
		["T21 an HTML login page", behaviours.html()],
		["T22 a used-up rate limit", behaviours.status(403, { "retry-after": "60" })],
	])("%s leaves the last good secrets as they are", async (_, behaviour) => {
		const { github, agent } = await serving();
		github.respondWith(behaviour);
		agent.signal("SIGHUP");
		await eventually("a failure", async () => (await agent.get("/v1/health")).json().lastError !== null);
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	it("T26 outlives an outage longer than the TTL and recovers with unchanged content", async () => {
		const { github, agent } = await serving({ CLEF_AGENT_CACHE_TTL: "4" });
		github.respondWith(behaviours.status(502));
		agent.signal("SIGHUP");
		await agent.logged("cache.expired");
		github.recover();
		await agent.serves(vectorSecrets);
		await agent.logged("agent.recovered");
	});
});
