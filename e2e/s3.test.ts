import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { S3Server, s3Refusal, webIdentityAnswer } from "@clef-sh/testkit/s3-server";
import { startServer } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { itWithMoto, Moto } from "./moto.js";
import { chunksWith, loadedFiles } from "./recorded-loads.js";
import { temporaryFolder } from "./temporary-folder.js";

const KEY = "team a/api gateway+production.age.json";
const SOURCE = "s3://artifacts/team%20a/api%20gateway+production.age.json";

async function bucket(): Promise<S3Server> {
	const server = await S3Server.start();
	onTestFinished(() => server.close());
	server.put("artifacts", KEY, vector("signed"));
	return server;
}

function variables(aws: Readonly<Record<string, string>>, source = SOURCE): Record<string, string> {
	return {
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		AWS_CONFIG_FILE: "/nowhere/config",
		AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
		AWS_EC2_METADATA_DISABLED: "true",
		...aws,
	};
}

async function serving(server: S3Server, source?: string): Promise<AgentProcess> {
	const agent = await AgentProcess.ready(variables(server.environment(), source));
	const { accessKeyId, secretAccessKey } = server.credentials;
	onTestFinished(() => {
		expect(agent.stderr).not.toContain(accessKeyId);
		expect(agent.stderr).not.toContain(secretAccessKey);
	});
	return agent;
}

it("serves from a bucket; unchanged costs one request and no body, and a change is served", async () => {
	const server = await bucket();
	const agent = await serving(server);
	expect(await agent.secrets()).toEqual(vectorSecrets);
	agent.signal("SIGHUP");
	await eventually("a second request", () => server.answers.length === 2);
	expect(server.answers[1]).toEqual({ status: 304, bodyBytes: 0 });
	server.put("artifacts", KEY, await sealArtifact({ secrets: { KEY: "changed" } }));
	agent.signal("SIGHUP");
	await agent.serves({ KEY: "changed" });
});

it("takes an S3 https address for what it is", async () => {
	const server = await bucket();
	const address = `https://artifacts.s3.us-east-1.amazonaws.com/${SOURCE.slice("s3://artifacts/".length)}`;
	const agent = await serving(server, address);
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(server.requests[0]?.headers.authorization).toContain("/us-east-1/s3/aws4_request");
});

it("keeps the last good secrets while S3 throttles, fails, refuses or lost the object, and recovers", async () => {
	const server = await bucket();
	const agent = await serving(server);
	for (const [refusal, code] of [
		[s3Refusal(503, "SlowDown"), "SOURCE_RATE_LIMITED"],
		[s3Refusal(500, "InternalError"), "SOURCE_UNREACHABLE"],
		[s3Refusal(400, "ExpiredToken"), "SOURCE_UNAUTHORIZED"],
		[s3Refusal(404, "NoSuchKey"), "SOURCE_NOT_FOUND"],
	] as const) {
		server.respondWith(refusal);
		agent.signal("SIGHUP");
		await agent.logged("fetch.failed", { code });
		expect(await agent.secrets()).toEqual(vectorSecrets);
	}
	server.behaveWell();
	agent.signal("SIGHUP");
	await agent.logged("agent.recovered");
});

it("reads a public object without credentials, and prints no warning of the SDK", async () => {
	const server = await bucket();
	server.put("artifacts", KEY, vector("signed"), { public: true });
	const agent = await AgentProcess.ready(variables({ AWS_ENDPOINT_URL_S3: server.url }));
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
	expect(agent.warnings).toEqual([]);
});

it("says in one sentence what to check where it may not read", async () => {
	const server = await bucket();
	server.mayList = false;
	const agent = await AgentProcess.listening(variables(server.environment(), "s3://artifacts/other"));
	const { message, code } = await agent.logged("fetch.failed");
	expect(code).toBe("SOURCE_UNAUTHORIZED");
	expect(message).toMatch(/s3:\/\/artifacts\/other answered 403; .*s3:GetObject/);
});

it("gets its credentials for a web identity, as in EKS", async () => {
	const server = await bucket();
	const { accessKeyId, secretAccessKey } = server.credentials;
	server.credentials = { accessKeyId, secretAccessKey, sessionToken: "session" };
	const sts = await startServer(webIdentityAnswer(server.credentials));
	onTestFinished(() => sts.close());
	const file = join(temporaryFolder(), "token");
	writeFileSync(file, "web.identity.token");
	const identity = {
		AWS_ENDPOINT_URL_S3: server.url,
		AWS_ENDPOINT_URL_STS: sts.url,
		AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/reader",
		AWS_WEB_IDENTITY_TOKEN_FILE: file,
	};
	const agent = await AgentProcess.ready(variables(identity));
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(sts.requests[0]?.body).toContain("web.identity.token");
	expect(agent.stderr).not.toContain("web.identity.token");
});

it("loads the AWS SDK to read from S3, and no other host's client", async () => {
	const server = await bucket();
	const loaded = await loadedFiles(({ env, nodeArgs }) =>
		AgentProcess.ready({ ...variables(server.environment()), ...env }, { nodeArgs }),
	);
	for (const chunk of chunksWith(/x-amz-checksum-mode/)) expect(loaded).toContain(chunk);
	const others = chunksWith(/octokit-rest\.js\/|GitbeakerRequestError/);
	expect(others).not.toEqual([]);
	for (const chunk of others) expect(loaded).not.toContain(chunk);
});

/** Without the plus sign, which moto verifies the signature of wrongly. */
const MOTO_PATH = "artifacts/team%20a/api%20gateway.age.json";
const MOTO_SOURCE = `s3://${MOTO_PATH}`;
const READER = { Action: "s3:GetObject*", Resource: "arn:aws:s3:::artifacts/*" };

async function motoBucket(statement: object = READER) {
	const moto = await Moto.start();
	await moto.bucket("artifacts");
	const versionId = await moto.put(MOTO_PATH, vector("signed"));
	const keys = await moto.user("agent", statement);
	return { moto, versionId, aws: { ...keys, AWS_ENDPOINT_URL: moto.url, AWS_REGION: "us-east-1" } };
}

itWithMoto("moto: serves with a verified signature, sees unchanged and changed objects", async () => {
	const { moto, aws } = await motoBucket();
	const agent = await AgentProcess.ready(variables(aws, MOTO_SOURCE));
	expect(await agent.secrets()).toEqual(vectorSecrets);
	const lastRefreshAt = async (): Promise<number> => (await agent.get("/v1/health")).json().lastRefreshAt;
	const before = await lastRefreshAt();
	agent.signal("SIGHUP");
	await eventually("a confirmation", async () => (await lastRefreshAt()) > before);
	expect(agent.log.filter(({ event }) => event === "artifact.refreshed")).toHaveLength(1);
	await moto.put(MOTO_PATH, await sealArtifact({ secrets: { KEY: "changed" } }));
	agent.signal("SIGHUP");
	await agent.serves({ KEY: "changed" });
	await moto.delete(MOTO_PATH);
	agent.signal("SIGHUP");
	await agent.logged("fetch.failed", { code: "SOURCE_NOT_FOUND" });
	expect(await agent.secrets()).toEqual({ KEY: "changed" });
});

itWithMoto("moto: serves the version it is told to", async () => {
	const { moto, aws, versionId } = await motoBucket();
	await moto.put(MOTO_PATH, "{}");
	const agent = await AgentProcess.ready(variables(aws, `${MOTO_SOURCE}?versionId=${versionId}`));
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

itWithMoto("moto: a policy that does not cover the key, a wrong secret and a missing bucket", async () => {
	const { aws } = await motoBucket({ ...READER, Resource: "arn:aws:s3:::artifacts/other/*" });
	const refused = async (changes: Record<string, string>, source = MOTO_SOURCE) => {
		const agent = await AgentProcess.listening(variables({ ...aws, ...changes }, source));
		const { code, message } = await agent.logged("fetch.failed");
		expect(agent.stderr).not.toContain(aws.AWS_SECRET_ACCESS_KEY);
		return `${code} ${message}`;
	};
	expect(await refused({})).toMatch(/^SOURCE_UNAUTHORIZED .*s3:GetObject/);
	const secret = { AWS_SECRET_ACCESS_KEY: "not-the-secret" };
	expect(await refused(secret)).toMatch(/^SOURCE_UNAUTHORIZED .*\(SignatureDoesNotMatch\)/);
	const unknown = { AWS_ACCESS_KEY_ID: "AKIAUNKNOWNUNKNOWN00" };
	expect(await refused(unknown)).toMatch(/^SOURCE_UNAUTHORIZED .*\(InvalidAccessKeyId\)/);
	expect(await refused({}, "s3://artifacts/other/none")).toMatch(/^SOURCE_NOT_FOUND .*\(NoSuchKey\)/);
});
