import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours, deadOrigin, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent } from "./command.js";
import { eventually } from "./eventually.js";
import { assertCloudWatchShape, lambdaStage } from "./lambda-stage.js";
import { itWith } from "./part.js";
import { faketime, fastClock } from "./steered-clock.js";

const SECRETS = { PASSWORD: "the-password-one" };
const down: Behaviour = behaviours.status(503);

/** A source that answers with this, and the variables of an extension that reads it. */
async function reading(behaviour?: Behaviour) {
	const artifact = await sealArtifact({ secrets: SECRETS });
	const source = await startServer(behaviour ?? behaviours.ok(artifact));
	onTestFinished(() => source.close());
	const env = {
		CLEF_AGENT_SOURCE: `${source.url}/artifact?sig=not-for-logs`,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	};
	return { artifact, source, env };
}

describe.each(["300", "0"])("Init at a TTL of %s", (CLEF_AGENT_CACHE_TTL) => {
	it("D40 goes on with 503 when the source is down, and serves once it is back", async () => {
		const { artifact, source, env } = await reading(down);
		const { runtime, agent, invoke } = await lambdaStage({ ...env, CLEF_AGENT_CACHE_TTL });
		await runtime.registered();
		expect(await agent.secrets()).toMatchObject({ status: 503, reason: "not_loaded" });
		expect(await invoke()).toMatchObject({ status: 503, reason: "not_loaded" });
		source.respondWith(behaviours.ok(artifact));
		await eventually("served", async () => JSON.stringify(await invoke()) === JSON.stringify(SECRETS));
		expect(runtime.errors).toEqual([]);
		assertCloudWatchShape(agent);
	});

	it("D40 waits for a source that comes back within Init", async () => {
		const { artifact, source, env } = await reading();
		source.respondWith(down, behaviours.ok(artifact));
		const { runtime, agent, invoke } = await lambdaStage({ ...env, CLEF_AGENT_CACHE_TTL });
		await runtime.registered();
		expect(await agent.secrets()).toEqual(SECRETS);
		expect(await invoke()).toEqual(SECRETS);
	});

	it("D40 reports a source that is down to init/error and ends, where that is wanted", async () => {
		const { env } = await reading(down);
		const { runtime, agent } = await lambdaStage({
			...env,
			CLEF_AGENT_CACHE_TTL,
			CLEF_AGENT_LAMBDA_INIT: "strict",
		});
		expect(await runtime.reported()).toEqual({
			phase: "init",
			errorType: "Extension.SourceUnreachable",
			body: {
				errorMessage: expect.stringMatching(/^No secrets at the end of Init.*503/),
				errorType: "Extension.SourceUnreachable",
				stackTrace: [],
			},
		});
		expect(await agent.ended()).toMatchObject({ status: 1 });
		expect(agent.log).toContainEqual(
			expect.objectContaining({ level: "ERROR", event: "lambda.failed", code: "LAMBDA_INIT_FAILED" }),
		);
		assertCloudWatchShape(agent);
	});

	it("D40 starts where secrets are demanded and there", async () => {
		const { env } = await reading();
		const { runtime, invoke } = await lambdaStage({
			...env,
			CLEF_AGENT_CACHE_TTL,
			CLEF_AGENT_LAMBDA_INIT: "strict",
		});
		expect(await invoke()).toEqual(SECRETS);
		expect(runtime.errors).toEqual([]);
	});

	it("D40 reports to init/error what cannot be decrypted, where secrets are demanded", async () => {
		const { env } = await reading();
		const { runtime } = await lambdaStage(
			{ ...env, CLEF_AGENT_CACHE_TTL, CLEF_AGENT_LAMBDA_INIT: "strict" },
			{ withoutAgeKey: true },
		);
		expect(await runtime.reported()).toMatchObject({
			phase: "init",
			errorType: "Extension.DecryptNoIdentity",
		});
	});
});

it("D40 reports every problem of a configuration to init/error, in one line of the log", async () => {
	const { env } = await reading();
	const { runtime, agent } = await lambdaStage({ ...env, CLEF_AGENT_PORT: "0", CLEF_AGENT_CACHE_TLT: "5" });
	const { body, ...rest } = await runtime.reported();
	expect(rest).toEqual({ phase: "init", errorType: "Extension.ConfigInvalid" });
	const message = expect.stringMatching(
		/CLEF_AGENT_CACHE_TTL.*CLEF_AGENT_PORT|CLEF_AGENT_PORT.*CLEF_AGENT_CACHE_TTL/,
	);
	expect(body).toMatchObject({ errorMessage: message });
	expect(await agent.ended()).toMatchObject({ status: 1 });
	expect(agent.log).toEqual([
		expect.objectContaining({ level: "ERROR", code: "CONFIG_INVALID", message, event: "lambda.failed" }),
	]);
	assertCloudWatchShape(agent);
});

it("L34 reports a port that is taken to init/error", async () => {
	const holder = createServer();
	await once(holder.listen(0, "127.0.0.1"), "listening");
	onTestFinished(() => void holder.close());
	const { port } = holder.address() as AddressInfo;
	const { env } = await reading();
	const { runtime, agent } = await lambdaStage({ ...env, CLEF_AGENT_PORT: String(port) });
	expect(await runtime.reported()).toMatchObject({
		phase: "init",
		errorType: "Extension.ConfigInvalid",
		body: { errorMessage: expect.stringContaining(`Port ${port}`) },
	});
	expect(await agent.ended()).toMatchObject({ status: 1 });
});

it("says what to do when the file has another name than the one it registers", async () => {
	const { env } = await reading();
	const { agent } = await lambdaStage(env, { fileName: "renamed" });
	expect(await agent.ended()).toMatchObject({ status: 1 });
	expect(agent.log.at(-2)).toMatchObject({
		level: "ERROR",
		code: "LAMBDA_API_REFUSED",
		message: expect.stringMatching(
			/refused register: it answered 403 \(Extension\.InvalidEventType\); the file in/,
		),
	});
	assertCloudWatchShape(agent);
});

it("registers under the name of its file, whatever that is", async () => {
	const { env } = await reading();
	const { runtime, invoke } = await lambdaStage(env, {
		fileName: "secrets",
		api: { extensions: ["secrets"] },
	});
	expect(await invoke()).toEqual(SECRETS);
	expect(runtime.registration).toMatchObject({ name: "secrets" });
});

it("says so when nobody is at AWS_LAMBDA_RUNTIME_API", async () => {
	const { env } = await reading();
	const agent = await AgentProcess.spawn({
		...env,
		AWS_LAMBDA_RUNTIME_API: new URL(await deadOrigin()).host,
	});
	expect(await agent.ended()).toMatchObject({ status: 1 });
	expect(agent.log).toContainEqual(
		expect.objectContaining({
			code: "LAMBDA_API_UNREACHABLE",
			message: expect.stringMatching(/ECONNREFUSED/),
		}),
	);
	assertCloudWatchShape(agent);
});

it("refuses to be an extension where there is no Lambda", async () => {
	const { status, stderr } = await clefAgent(["lambda"]);
	expect(status).toBe(1);
	expect(stderr).toMatch(/^clef-agent: AWS_LAMBDA_RUNTIME_API is not set.*\n {2}elsewhere.*\n$/);
});

describe("event/next", () => {
	itWith(faketime)("D40 may stay silent for longer than 300 s", async () => {
		const { env } = await reading();
		const { runtime, agent, invoke, shutdown } = await lambdaStage({ ...env, ...fastClock(100) });
		await runtime.waiting();
		const before = (await agent.get("/v1/health")).json().lastRefreshAt;
		const silentForMs = 400_000;
		await eventually("minutes of silence", async () => {
			const { lastRefreshAt } = (await agent.get("/v1/health")).json();
			return lastRefreshAt - before > silentForMs;
		});
		expect(runtime.requests.filter(({ url }) => url.endsWith("/next"))).toHaveLength(1);
		expect(await invoke()).toEqual(SECRETS);
		expect(await shutdown()).toMatchObject({ status: 0 });
	});

	it("is asked for again when the connection broke", async () => {
		const { env } = await reading();
		const { runtime, agent, invoke } = await lambdaStage(env, {
			prepare: (api) => api.respondWith(api.behaviour, (_, response) => response.destroy(), api.behaviour),
		});
		expect(await invoke()).toEqual(SECRETS);
		expect(agent.log.filter(({ level }) => level === "ERROR")).toEqual([]);
		expect(runtime.errors).toEqual([]);
	});

	it.each([403, 500])("ends the extension when it answers %i, which exit/error is told", async (status) => {
		const { env } = await reading();
		const { runtime, agent } = await lambdaStage(env, {
			prepare: (api) =>
				api.respondWith(api.behaviour, (_, response) => response.writeHead(status).end("{}"), api.behaviour),
		});
		expect(await runtime.reported()).toMatchObject({
			phase: "exit",
			errorType: "Extension.LambdaApiRefused",
			body: { errorMessage: expect.stringContaining(`event/next: it answered ${status}`) },
		});
		expect(await agent.ended()).toMatchObject({ status: 1 });
		assertCloudWatchShape(agent);
	});

	it("ends the extension when the API is gone for good", async () => {
		const { env } = await reading();
		const { runtime, agent } = await lambdaStage(env);
		await runtime.waiting();
		await runtime.close();
		expect(await agent.ended()).toMatchObject({ status: 1 });
		expect(agent.log).toContainEqual(
			expect.objectContaining({ event: "lambda.failed", code: "LAMBDA_API_UNREACHABLE" }),
		);
	});
});

describe("Shutdown", () => {
	it.each([
		["SPINDOWN", "INFO", "idle environment"],
		["TIMEOUT", "WARN", "ran into its timeout"],
		["FAILURE", "WARN", "failed"],
	] as const)("tells %s from others, and ends in time", async (reason, level, sentence) => {
		const { env } = await reading();
		const { agent, shutdown } = await lambdaStage(env);
		expect(await shutdown(reason)).toMatchObject({ status: 0, signal: null });
		expect(agent.log).toContainEqual(
			expect.objectContaining({
				event: "lambda.shutdown",
				level,
				reason,
				message: expect.stringContaining(sentence),
			}),
		);
	});

	it("D40 comes during a refresh that hangs, with a request that waits: both end in time", async () => {
		const { source, env } = await reading();
		const { agent, invoke, shutdown } = await lambdaStage({ ...env, CLEF_AGENT_CACHE_TTL: "0" });
		await invoke();
		source.respondWith(behaviours.silence());
		await invoke();
		const busy = connect(agent.port, "127.0.0.1");
		busy.on("error", () => undefined);
		busy.write("GET /v1/secrets HTTP/1.1\r\nHost: 127.0.0.1\r\n");
		expect(await shutdown()).toMatchObject({ status: 0, signal: null });
	});

	it("D36 is SIGTERM too, as when the emulator ends", async () => {
		const { env } = await reading();
		const { runtime, agent } = await lambdaStage(env);
		await runtime.waiting();
		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
		expect(agent.log.at(-1)).toMatchObject({ event: "agent.stopped" });
	});
});

it("has no event for an invocation on managed instances, and refreshes by its own timer", async () => {
	const { env } = await reading();
	const { runtime, agent, shutdown } = await lambdaStage(
		{ ...env, AWS_LAMBDA_INITIALIZATION_TYPE: "lambda-managed-instances" },
		{ api: { unsupported: ["INVOKE"] } },
	);
	await runtime.waiting();
	expect(runtime.registration).toMatchObject({ events: ["SHUTDOWN"] });
	expect(await agent.secrets()).toEqual(SECRETS);
	expect(await shutdown()).toMatchObject({ status: 0 });
});

it("takes CLEF_AGENT_TOKEN before the session token, and says how to hand one over without either", async () => {
	const { env } = await reading();
	const own = await lambdaStage({ ...env, CLEF_AGENT_TOKEN: "a-token-of-the-operator" });
	await own.runtime.waiting();
	expect((await own.agent.get("/v1/secrets")).status).toBe(401);
	const authorization = "Bearer a-token-of-the-operator";
	expect((await own.agent.get("/v1/secrets", { authorization })).status).toBe(200);

	const snapStart = await lambdaStage({ ...env, AWS_SESSION_TOKEN: "" });
	await snapStart.runtime.waiting();
	await snapStart.agent.logged("token.withheld");
	expect((await snapStart.agent.get("/v1/secrets", { authorization: `Bearer ${TOKEN}` })).status).toBe(401);
});
