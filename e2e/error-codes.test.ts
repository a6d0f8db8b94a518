import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealArtifact, sealFields, signFields } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours, startServer } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { clefAgent } from "./command.js";
import { eventually } from "./eventually.js";
import { ERROR_CODES } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

// docs/errors.md says of each code what is still served. Here the built command gets into each of these states.

const KEPT = "Last good secrets, until the TTL or `expiresAt`";
const NOTHING = "Nothing (503)";
const NO_START = "Nothing: the agent does not start";
const now = () => new Date().toISOString();
const bytes = (fields: object) => Buffer.from(JSON.stringify(fields));
const modes = [
	["cached", "300"],
	["just-in-time", "0"],
] as const;

/** An agent that serves the vectors' secrets, with the server that it has them from. */
async function serving(ttl: string, env: Readonly<Record<string, string>> = {}) {
	const source = await startServer(behaviours.ok(vector("signed")));
	onTestFinished(() => source.close());
	const agent = await AgentProcess.ready({
		CLEF_AGENT_SOURCE: source.url,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_IDENTITY: "api-gateway",
		CLEF_AGENT_CACHE_TTL: ttl,
		...env,
	});
	expect(await agent.secrets()).toEqual(vectorSecrets);
	return { source, agent };
}

async function lastCode(agent: AgentProcess): Promise<unknown> {
	return (await agent.get("/v1/health")).json().lastError?.code;
}

/** Answers of a place that is in trouble, by the code they lead to. */
const ANSWERS: Readonly<Record<string, () => Behaviour>> = {
	SOURCE_UNREACHABLE: () => behaviours.status(503),
	SOURCE_UNAUTHORIZED: () => behaviours.status(401),
	SOURCE_NOT_FOUND: () => behaviours.status(404),
	SOURCE_RATE_LIMITED: () => behaviours.status(429),
	SOURCE_TOO_LARGE: () => behaviours.gzipBomb(17),
	SOURCE_REDIRECT_REFUSED: () => behaviours.redirect("http://127.0.0.1:9/elsewhere"),
	SOURCE_BAD_RESPONSE: () => behaviours.html(),
};

const signed = () => JSON.parse(vector("signed").toString());
const { privateKey: stranger } = generateKeyPairSync("ed25519", {
	publicKeyEncoding: { type: "spki", format: "pem" },
	privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** The public half of a key that the agent does not have. */
async function otherKey(): Promise<{ recipient: string }> {
	const { stderr } = await clefAgent(["keygen"]);
	return { recipient: /age1\w+/.exec(stderr)?.[0] ?? "" };
}

/** Artifacts that are refused, by the code they lead to. */
const ARTIFACTS: Readonly<Record<string, () => Promise<Uint8Array>>> = {
	ARTIFACT_MALFORMED: async () => vector("truncated"),
	ARTIFACT_VERSION_UNSUPPORTED: async () => bytes({ ...signed(), version: 2 }),
	ARTIFACT_DIGEST_MISMATCH: async () => vector("tampered-ciphertext"),
	ARTIFACT_SIGNATURE_MISSING: async () => vector("plain"),
	ARTIFACT_SIGNATURE_INVALID: () => sealArtifact({ signingKey: stranger, packedAt: now() }),
	ARTIFACT_SUBJECT_MISMATCH: () => sealArtifact({ identity: "web", packedAt: now() }),
	ARTIFACT_ROLLED_BACK: () => sealArtifact({ packedAt: "2020-01-01T00:00:00Z" }),
	ARTIFACT_EQUIVOCATED: async () => {
		const { revision, packedAt } = signed();
		return sealArtifact({ revision, packedAt });
	},
	ARTIFACT_FROM_FUTURE: () => sealArtifact({ packedAt: new Date(Date.now() + 3_600_000).toISOString() }),
	DECRYPT_NO_IDENTITY: async () => {
		const { recipient } = await otherKey();
		return sealArtifact({ recipient, packedAt: now(), revision: "another" });
	},
	DECRYPT_AUTHENTICATION_FAILED: async () => {
		const { ciphertext, ciphertextHash } = JSON.parse(vector("tampered-rehashed").toString());
		const fields = await sealFields({ packedAt: now(), revision: "damaged" });
		return bytes(signFields({ ...fields, ciphertext, ciphertextHash }));
	},
	DECRYPT_PAYLOAD_MALFORMED: () => sealArtifact({ secrets: { A: null }, packedAt: now() }),
};

async function expectKept(code: string, ttl: string, answer: Behaviour): Promise<void> {
	expect(ERROR_CODES[code]?.served).toBe(KEPT);
	const { source, agent } = await serving(ttl);
	source.respondWith(answer);
	agent.signal("SIGHUP");
	await eventually(`${code}: ${agent.stderr}`, async () => (await lastCode(agent)) === code);
	expect(await agent.secrets()).toEqual(vectorSecrets);
}

describe("the last good secrets are served after", () => {
	// Reading and verifying are the same in both modes.
	it.each(Object.entries(ANSWERS))("%s", (code, answer) => expectKept(code, "300", answer()));

	it.each(Object.entries(ARTIFACTS))("%s", async (code, artifact) =>
		expectKept(code, "300", behaviours.ok(await artifact())),
	);

	const opening = Object.entries(ARTIFACTS).filter(([code]) => code.startsWith("DECRYPT"));
	it.each(opening)("%s, just-in-time", async (code, artifact) =>
		expectKept(code, "0", behaviours.ok(await artifact())),
	);
});

it.each(modes)("A5 %s, without a verify key what cannot be opened replaces nothing", async (_, ttl) => {
	const { source, agent } = await serving(ttl, { CLEF_AGENT_VERIFY_KEY: "" });
	const { revision, packedAt } = signed();
	const { recipient } = await otherKey();
	const twin = { revision, packedAt, recipient, signingKey: false } as const;
	source.respondWith(behaviours.ok(await sealArtifact(twin)));
	agent.signal("SIGHUP");
	await eventually("refused", async () => (await lastCode(agent)) === "DECRYPT_NO_IDENTITY");
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

/** States in which nothing is served, by the code that requests are answered with. */
const SILENT: Readonly<Record<string, (ttl: string) => Promise<AgentProcess>>> = {
	ARTIFACT_REVOKED: async (ttl) => {
		const { source, agent } = await serving(ttl);
		source.respondWith(behaviours.ok(vector("revoked")));
		agent.signal("SIGHUP");
		return agent;
	},
	ARTIFACT_EXPIRED: async (ttl) => {
		const { source, agent } = await serving(ttl);
		const expiresAt = new Date(Date.now() + 3_000).toISOString();
		source.respondWith(behaviours.ok(await sealArtifact({ packedAt: now(), expiresAt })));
		agent.signal("SIGHUP");
		return agent;
	},
	AGENT_NOT_READY: async (ttl) => {
		const source = await startServer(behaviours.status(404));
		onTestFinished(() => source.close());
		return AgentProcess.listening({ CLEF_AGENT_SOURCE: source.url, CLEF_AGENT_CACHE_TTL: ttl });
	},
};

describe.each(modes)("%s, nothing is served after", (_, ttl) => {
	it.each(Object.entries(SILENT))("%s", async (code, start) => {
		expect(ERROR_CODES[code]?.served.startsWith(NOTHING)).toBe(true);
		const agent = await start(ttl);
		await eventually(`${code}: ${agent.stderr}`, async () => Object(await agent.secrets()).code === code);
		expect(await agent.secrets()).toMatchObject({ status: 503 });
	});

	it("ARTIFACT_EXPIRED keeps the last good secrets when only what comes has expired", async () => {
		expect(ERROR_CODES.ARTIFACT_EXPIRED?.served).toMatch(
			/when only the new artifact has expired, the last good/,
		);
		const { source, agent } = await serving(ttl);
		const late = { packedAt: now(), expiresAt: "2026-01-01T00:00:00Z", revision: "late" };
		source.respondWith(behaviours.ok(await sealArtifact(late)));
		agent.signal("SIGHUP");
		await eventually("refused", async () => (await lastCode(agent)) === "ARTIFACT_EXPIRED");
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});
});

it("ARTIFACT_KEY_UNSUPPORTED keeps the agent from starting, and a running one from nothing", async () => {
	const { served = "" } = ERROR_CODES.ARTIFACT_KEY_UNSUPPORTED ?? {};
	expect(served).toBe(`${NO_START}; one that runs goes on with the keys it has`);
	const file = join(temporaryFolder(), "verify.key");
	writeFileSync(file, vectorKeys.ed25519PublicKey);
	const { agent } = await serving("300", { CLEF_AGENT_VERIFY_KEY_FILE: file, CLEF_AGENT_VERIFY_KEY: "" });
	writeFileSync(file, "nonsense");
	agent.signal("SIGHUP");
	await agent.logged("credential.failed", { code: "ARTIFACT_KEY_UNSUPPORTED" });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	const env = { CLEF_AGENT_SOURCE: "a.json", CLEF_AGENT_VERIFY_KEY_FILE: file };
	expect(await clefAgent([], { env })).toMatchObject({ status: 1 });
});

it("CONFIG_INVALID keeps the agent from starting", async () => {
	expect(ERROR_CODES.CONFIG_INVALID?.served).toBe(NO_START);
	expect(await clefAgent([], { env: { CLEF_AGENT_PORT: "x" } })).toMatchObject({ status: 1 });
});

it("CACHE_UNREADABLE leaves what the source delivers", async () => {
	expect(ERROR_CODES.CACHE_UNREADABLE?.served).toMatch(/^What the source delivers/);
	const cache = temporaryFolder();
	writeFileSync(join(cache, "clef-agent"), "no folder");
	const { agent } = await serving("300", { CLEF_AGENT_CACHE_PATH: cache });
	await agent.logged("disk.failed", { code: "CACHE_UNREADABLE" });
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

/** Codes whose line in the table other tests back. */
const ELSEWHERE: Readonly<Record<string, string>> = {
	SOURCE_TIMEOUT: "e2e/attacks-time.test.ts",
	DECRYPT_UNWRAP_FAILED: "e2e/aws-kms.test.ts",
	AGENT_NOT_FRESH: "e2e/attacks-time.test.ts",
	CACHE_UNWRITABLE: "e2e/disk-cache.test.ts",
	LAMBDA_API_UNREACHABLE: "e2e/lambda-trouble.test.ts",
	LAMBDA_API_REFUSED: "e2e/lambda-trouble.test.ts",
	LAMBDA_INIT_FAILED: "e2e/lambda-trouble.test.ts",
	COMMAND_USAGE: "apps/agent/test/arguments.test.ts",
	COMMAND_INPUT: "apps/agent/test/commands/pack.test.ts",
	COMMAND_OUTPUT: "apps/agent/test/commands/keygen.test.ts",
	COMMAND_ENVIRONMENT: "apps/agent/test/commands/exec.test.ts",
	COMMAND_NOT_STARTED: "apps/agent/test/exec/supervised-command.test.ts",
	COMMAND_TIMEOUT: "apps/agent/test/commands/exec.test.ts",
	PACK_INPUT_INVALID: "packages/pack/test/pack.test.ts",
	PACK_KEY_INVALID: "packages/pack/test/signing-key.test.ts",
	PACK_KMS_FAILED: "packages/pack/test/kms-call.test.ts",
	AGENT_UNREACHABLE: "packages/client/test/answers.test.ts",
	AGENT_REFUSED: "packages/client/test/answers.test.ts",
	UNAUTHORIZED: "e2e/client.test.ts",
	SECRET_NOT_FOUND: "e2e/client.test.ts",
	SECRET_AMBIGUOUS: "packages/client/test/create-client.test.ts",
	RATE_LIMITED: "packages/client/test/answers.test.ts",
	BAD_RESPONSE: "packages/client/test/answers.test.ts",
	ABORTED: "packages/client/test/create-client.test.ts",
};

it("every code is met here or in a test that is named, and has its cause and what to do", () => {
	const here = readFileSync(new URL(import.meta.url), "utf8");
	for (const [code, { meaning, served, action }] of Object.entries(ERROR_CODES)) {
		const [file] = [ELSEWHERE[code]].flatMap((path) => path ?? []);
		const text =
			file === undefined
				? here.split("const ELSEWHERE")[0]
				: readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
		expect(text, `${code} in ${file ?? "this file"}`).toContain(code);
		for (const cell of [meaning, served, action]) expect(cell.length, code).toBeGreaterThan(10);
	}
});
