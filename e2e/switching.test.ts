import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ENVIRONMENT_VARIABLES } from "@clef-sh/core/env";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { startGithubServer } from "@clef-sh/testkit/github-server";
import { type VectorName, vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent } from "./command.js";
import { eventually } from "./eventually.js";
import { exchangeOne, requestText } from "./raw-request.js";
import { temporaryFolder } from "./temporary-folder.js";

const page = readFileSync(new URL("../docs/switching.md", import.meta.url), "utf8");

/** The cells of a section's table, a list for each row. */
function rows(title: string): string[][] {
	const section = new RegExp(`^## ${title}\\n(.*?)(?=^## )`, "ms").exec(page)?.[1] ?? "";
	const lines = section.split("\n").filter((line) => line.startsWith("| "));
	return lines.slice(2).map((line) => line.slice(2, -2).split(" | "));
}

const KEYS: Readonly<Record<string, string>> = {
	"–": "",
	Ed25519: vectorKeys.ed25519PublicKey,
	ECDSA: vectorKeys.ecdsaPublicKey,
};

/** The agent on a file, by the variables that an existing deployment has. */
function agentOn(artifact: Uint8Array, key = "Ed25519", more: Readonly<Record<string, string>> = {}) {
	const source = join(temporaryFolder(), "artifact.json");
	writeFileSync(source, artifact);
	return AgentProcess.listening({
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_ID: "api-1",
		CLEF_AGENT_CACHE_TTL: "300",
		...(KEYS[key] ? { CLEF_AGENT_VERIFY_KEY: KEYS[key] } : {}),
		...more,
	});
}

async function serving(name: VectorName = "signed"): Promise<AgentProcess> {
	const agent = await agentOn(vector(name));
	await agent.serves(vectorSecrets);
	return agent;
}

/** Why the agent does not start with these variables. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
	const usual = { CLEF_AGENT_SOURCE: "artifact.json", CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey };
	const { status, stderr } = await clefAgent([], { env: { ...usual, ...env } });
	expect(status).toBe(1);
	return stderr;
}

/** Expects that this artifact replaces nothing of what is served, for this reason. */
async function expectRefused(
	first: Uint8Array,
	next: Uint8Array,
	code: string,
	more: Readonly<Record<string, string>> = {},
): Promise<void> {
	const source = join(temporaryFolder(), "artifact.json");
	writeFileSync(source, first);
	const key = { CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };
	const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: source, ...key, ...more });
	const before = await agent.secrets();
	writeFileSync(source, next);
	await agent.logged("artifact.invalid", { code });
	expect(await agent.secrets()).toEqual(before);
}

const STAYS: Readonly<Record<string, () => Promise<void> | void>> = {
	"Names of variables": () => {
		const [names = ""] = rows("What stays").flatMap(([what, here]) =>
			what === "Names of variables" ? here : [],
		);
		const listed = [...(names ?? "").matchAll(/`(?:CLEF_AGENT)?(_\w+)`/g)].map(
			([, name]) => `CLEF_AGENT${name}`,
		);
		expect(listed).toHaveLength(17);
		expect(ENVIRONMENT_VARIABLES.map(({ name }) => name)).toEqual(expect.arrayContaining(listed));
	},
	Address: async () => {
		const agent = await serving();
		expect(await agent.logged("listening")).toMatchObject({ message: expect.stringContaining(agent.url) });
		const port = ENVIRONMENT_VARIABLES.find(({ name }) => name === "CLEF_AGENT_PORT");
		expect(JSON.stringify(port)).toContain("7779");
	},
	Token: async () => {
		const agent = await serving();
		for (const path of ["/v1/secrets", "/v1/secrets/DB_HOST", "/v1/keys"]) {
			const wrong = await agent.get(path, { authorization: "Bearer wrong" });
			expect([wrong.status, (await agent.get(path)).status]).toEqual([401, 200]);
		}
	},
	"`/v1/health`": async () => {
		const health = (await (await serving()).get("/v1/health", { authorization: "" })).json();
		expect(health).toEqual({
			status: "ok",
			mode: "cached",
			revision: JSON.parse(vector("signed").toString()).revision,
			lastRefreshAt: expect.any(Number),
			expired: false,
			state: "ready",
			lastError: null,
		});
	},
	"`/v1/ready`": async () => {
		const agent = await serving();
		expect((await agent.get("/v1/ready", { authorization: "" })).json()).toEqual({ ready: true });
		const waiting = await (await agentOn(Buffer.from("{}"))).get("/v1/ready");
		expect([waiting.status, waiting.json()]).toEqual([503, { ready: false, reason: "not_loaded" }]);
	},
	"`/v1/secrets`": async () => {
		const agent = await serving();
		const { headers, json } = await agent.get("/v1/secrets");
		expect(json()).toEqual(vectorSecrets);
		const tag = headers.get("etag") ?? "";
		expect((await agent.get("/v1/secrets", { "if-none-match": tag })).status).toBe(304);
		const flat = await agentOn(await sealArtifact({ secrets: { A: "1" } }));
		await flat.serves({ A: "1" });
	},
	"`/v1/secrets/:key`": async () => {
		const value = (await (await serving()).get("/v1/secrets/database__DB_HOST")).json();
		expect(value).toEqual({ value: vectorSecrets.database?.DB_HOST });
	},
	"`/v1/keys`": async () => {
		const names = Object.entries(vectorSecrets).flatMap(([namespace, secrets]) =>
			Object.keys(secrets).map((key) => `${namespace}__${key}`),
		);
		expect((await (await serving()).get("/v1/keys")).json()).toEqual(names.sort());
	},
	Artifacts: () => {
		const served = rows("Artifacts").filter(([, , here]) => here === "served");
		expect(served.map(([name]) => name)).toEqual(
			expect.arrayContaining(["`plain`", "`signed`", "`signed-ecdsa`"]),
		);
	},
	"Place in a repository": async () => {
		const { identity, environment } = JSON.parse(vector("signed").toString());
		const github = await startGithubServer();
		onTestFinished(() => github.close());
		github.repositories.add("acme/app", { private: false });
		const path = `.clef/packed/${identity}/${environment}.age.json`;
		github.repositories.put("acme/app", path, { kind: "file", bytes: vector("signed") });
		const agent = await AgentProcess.ready({
			CLEF_AGENT_VCS_PROVIDER: "github",
			CLEF_AGENT_VCS_REPO: "acme/app",
			CLEF_AGENT_VCS_IDENTITY: identity,
			CLEF_AGENT_VCS_ENVIRONMENT: environment,
			CLEF_AGENT_VCS_API_URL: github.apiUrl,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		});
		expect(await agent.secrets()).toEqual(vectorSecrets);
	},
	"Kill switch": async () => {
		const source = join(temporaryFolder(), "artifact.json");
		writeFileSync(source, vector("signed"));
		const key = { CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: source, ...key });
		writeFileSync(source, vector("revoked"));
		await agent.logged("artifact.revoked");
		expect(await agent.secrets()).toMatchObject({ status: 503, reason: "revoked" });
	},
	"Time to live": async () => {
		const agent = await agentOn(vector("signed"), "Ed25519", { CLEF_AGENT_CACHE_TTL: "0" });
		await agent.serves(vectorSecrets);
		expect((await agent.get("/v1/health")).json()).toMatchObject({ mode: "jit" });
		const ttl = ENVIRONMENT_VARIABLES.find(({ name }) => name === "CLEF_AGENT_CACHE_TTL");
		expect(JSON.stringify(ttl)).toContain("300");
	},
};

const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
const STRICTER: Readonly<Record<string, () => Promise<void>>> = {
	"An unknown `CLEF_AGENT_*` name": async () => {
		expect(await refusal({ CLEF_AGENT_VERIFY_KYE: "x" })).toContain("CLEF_AGENT_VERIFY_KEY");
	},
	"A value and its file": async () => {
		expect(await refusal({ CLEF_AGENT_AGE_KEY_FILE: "/dev/null" })).toContain("CLEF_AGENT_AGE_KEY_FILE");
	},
	"A key file that cannot be read": async () => {
		const env = { CLEF_AGENT_AGE_KEY: "", CLEF_AGENT_AGE_KEY_FILE: "/nowhere/age.key" };
		expect(await refusal(env)).toContain("CLEF_AGENT_AGE_KEY_FILE");
	},
	"An empty token": async () => {
		expect(await refusal({ CLEF_AGENT_TOKEN: "" })).toContain("CLEF_AGENT_TOKEN");
	},
	"A port with something behind it": async () => {
		expect(await refusal({ CLEF_AGENT_PORT: "7779x" })).toContain("CLEF_AGENT_PORT");
	},
	"An unsigned artifact where a verify key is set": () =>
		expectRefused(vector("signed"), vector("plain"), "ARTIFACT_SIGNATURE_MISSING"),
	"An artifact of another service or environment": async () =>
		expectRefused(vector("signed"), await sealArtifact({ identity: "web" }), "ARTIFACT_SUBJECT_MISMATCH", {
			CLEF_AGENT_IDENTITY: JSON.parse(vector("signed").toString()).identity,
		}),
	"An older artifact, put back": async () =>
		expectRefused(
			vector("signed"),
			await sealArtifact({ packedAt: "2020-01-01T00:00:00Z", revision: "old" }),
			"ARTIFACT_ROLLED_BACK",
		),
	"An artifact from tomorrow": async () =>
		expectRefused(
			vector("signed"),
			await sealArtifact({ packedAt: tomorrow, revision: "new" }),
			"ARTIFACT_FROM_FUTURE",
		),
	"`null` and lists in the payload": async () => {
		for (const secrets of [{ A: null }, { A: ["1"] }])
			await expectRefused(
				vector("signed"),
				await sealArtifact({ secrets, packedAt: new Date().toISOString() }),
				"DECRYPT_PAYLOAD_MALFORMED",
			);
	},
	"A request under another `Host`": async () => {
		const agent = await serving();
		const token = `Authorization: Bearer ${TOKEN}`;
		const request = requestText("GET /v1/secrets HTTP/1.1", "Host: clef.example", token);
		const { status, body } = await exchangeOne(agent.port, request);
		expect([status, JSON.parse(body).code]).toEqual([403, "HOST_REFUSED"]);
	},
	"A request of a web page, or through a proxy": async () => {
		const agent = await serving();
		const browser = await agent.get("/v1/secrets", { origin: "https://web.example" });
		expect([browser.status, browser.json().code]).toEqual([400, "BROWSER_REFUSED"]);
		const proxy = await agent.get("/v1/secrets", { "x-forwarded-for": "10.0.0.1" });
		expect([proxy.status, proxy.json().code]).toEqual([400, "PROXY_REFUSED"]);
	},
	"Other methods than GET and HEAD": async () => {
		const { headers, status: code } = await (await serving()).ask("POST", "/v1/secrets");
		expect([code, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
	},
};

describe.each([
	["What stays", STAYS],
	["What is stricter", STRICTER],
])("%s", (title, tests) => {
	it.each(rows(title).map(([what = ""]) => what))("%s", async (what) => {
		const test = tests[what];
		if (test === undefined) throw new RangeError(`no test for the row ${what}`);
		await test();
	});

	it("is told in full", () => {
		expect(rows(title).map(([what]) => what)).toEqual(Object.keys(tests));
	});
});

describe("Artifacts", () => {
	it.each(rows("Artifacts"))("%s with %s: %s", async (name, key, here = "") => {
		const agent = await agentOn(vector(name?.replaceAll("`", "") as VectorName), key);
		if (here === "served") {
			await agent.serves(vectorSecrets);
			return;
		}
		const code = here.replaceAll("`", "");
		// A revocation is no error but an answer; it is what requests are told.
		await eventually(code, async () => {
			const { lastError } = (await agent.get("/v1/health")).json();
			return [lastError?.code, Object(await agent.secrets()).code].includes(code);
		});
		expect(await agent.secrets()).toMatchObject({ status: 503 });
	});
});
