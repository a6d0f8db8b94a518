import { TOKEN } from "@clef-sh/testkit/fake-agent";
import { deadOrigin } from "@clef-sh/testkit/servers";
import { describe, expect, it } from "vitest";
import { ClientError, createClient } from "../src/index.js";
import { clientOf, failureOf, pass, startAgent, until } from "./stage.js";

const PAYLOAD = {
	database: { DB_URL: "postgres://x", "a/b ü%": "odd" },
	api: { KEY: "1" },
	web: { KEY: "2" },
};

async function readyAgent() {
	const agent = await startAgent();
	agent.publish("r1", PAYLOAD);
	return { agent, ...clientOf(agent) };
}

describe("reading", () => {
	it("one secret, all, names, health and a refresh", async () => {
		const { client, clock } = await readyAgent();
		expect(await client.get("DB_URL", { namespace: "database" })).toBe("postgres://x");
		expect(await client.get("DB_URL")).toBe("postgres://x");
		expect(await client.get("database__DB_URL")).toBe("postgres://x");
		expect(await client.get("a/b ü%", { namespace: "database" })).toBe("odd");
		expect(await client.all()).toEqual({
			database__DB_URL: "postgres://x",
			"database__a/b ü%": "odd",
			api__KEY: "1",
			web__KEY: "2",
		});
		expect(await client.keys()).toEqual(["api__KEY", "database__DB_URL", "database__a/b ü%", "web__KEY"]);
		expect(await client.health()).toMatchObject({ status: "ok", state: "ready", revision: "r1" });
		expect(await client.refresh()).toEqual({ outcome: "confirmed", revision: "r1" });
		expect(clock.pendingTimers).toBe(0);
	});

	it("keeps nothing: each call asks", async () => {
		const { agent, client } = await readyAgent();
		await client.get("DB_URL");
		agent.publish("r2", { database: { DB_URL: "new" } });
		expect(await client.get("DB_URL")).toBe("new");
	});

	it("the token goes with secrets and not with health", async () => {
		const { agent, client } = await readyAgent();
		await client.health();
		await client.keys();
		expect(agent.requests.map(({ headers }) => headers.authorization)).toEqual([
			undefined,
			`Bearer ${TOKEN}`,
		]);
	});

	it.each([
		["an unknown name", "NOPE", undefined, "SECRET_NOT_FOUND"],
		["an unknown namespace", "DB_URL", "nope", "SECRET_NOT_FOUND"],
		["a key of two namespaces", "KEY", undefined, "SECRET_AMBIGUOUS"],
		["nothing", "", undefined, "SECRET_NOT_FOUND"],
		["a dot segment", "..", "database", "SECRET_NOT_FOUND"],
		["half of a surrogate pair", "\ud800", undefined, "SECRET_NOT_FOUND"],
	])("%s", async (_, key, namespace, code) => {
		const { client } = await readyAgent();
		expect(await failureOf(client.get(key, { namespace }))).toMatchObject({ code, retryable: false });
	});
});

describe("an agent that is not ready", () => {
	it("is asked again until it is", async () => {
		const agent = await startAgent();
		const { client, clock } = clientOf(agent);
		const value = client.get("DB_URL");
		for (const ms of [100, 200, 400]) await pass(clock, ms);
		await until(() => clock.nextTimerMs === 800);
		agent.publish("r1", PAYLOAD);
		await clock.advance(800);
		expect(await value).toBe("postgres://x");
		expect(clock.pendingTimers).toBe(0);
	});

	it.each(["not_loaded", "cache_expired"] as const)("%s is thrown when the time is over", async (reason) => {
		const agent = await startAgent();
		agent.withdraw(reason);
		const { client, clock } = clientOf(agent, { timeoutMs: 1000 });
		const failed = failureOf(client.get("DB_URL"));
		for (const ms of [100, 200, 400]) await pass(clock, ms);
		expect(await failed).toMatchObject({
			code: "AGENT_NOT_READY",
			reason,
			agentCode: "SOURCE_UNREACHABLE",
			retryable: true,
		});
		expect(agent.requests).toHaveLength(4);
	});

	it.each(["artifact_expired", "revoked"] as const)("%s is thrown at once", async (reason) => {
		const agent = await startAgent();
		agent.withdraw(reason);
		const error = await failureOf(clientOf(agent).client.all());
		expect(error).toMatchObject({ code: "AGENT_NOT_READY", reason, retryable: false });
		expect(error.message).toContain("pack a new one");
	});

	it("one that is not there is asked again, with waits that differ by chance", async () => {
		const { client, clock } = clientOf({ url: await deadOrigin() }, { random: () => 0, timeoutMs: 1000 });
		const failed = failureOf(client.keys());
		for (const ms of [50, 100, 200, 400]) await pass(clock, ms);
		expect((await failed).message).toBe(
			"The agent cannot be reached (ECONNREFUSED); check that it runs, and CLEF_URL or CLEF_AGENT_PORT.",
		);
	});

	it("a process that was frozen during a wait makes no attempt after its time", async () => {
		const agent = await startAgent();
		const { client, clock } = clientOf(agent);
		const failed = failureOf(client.keys());
		await until(() => clock.nextTimerMs === 100);
		clock.freeze(60_000);
		await clock.advance(0);
		expect(await failed).toMatchObject({ code: "AGENT_NOT_READY", reason: "not_loaded" });
		expect(agent.requests).toHaveLength(1);
	});

	it("may be given for ever", async () => {
		const { agent } = await readyAgent();
		const client = createClient({
			url: agent.url,
			token: TOKEN,
			env: {},
			timeoutMs: Number.POSITIVE_INFINITY,
		});
		expect(await client.get("DB_URL")).toBe("postgres://x");
	});

	it("a time that is no number, such as of a variable that is not set, is over at once", async () => {
		const { client, clock } = clientOf({ url: await deadOrigin() }, { timeoutMs: Number(undefined) });
		expect(await failureOf(client.get("A"))).toMatchObject({ code: "AGENT_UNREACHABLE" });
		expect(clock.pendingTimers).toBe(0);
	});

	it("health and refresh are asked once", async () => {
		const { client, clock } = clientOf({ url: await deadOrigin() });
		expect(await failureOf(client.health())).toMatchObject({ code: "AGENT_UNREACHABLE", retryable: true });
		expect(await failureOf(client.refresh())).toMatchObject({ code: "AGENT_UNREACHABLE" });
		expect(clock.pendingTimers).toBe(0);
	});

	it("one that hangs up is asked again", async () => {
		const { agent, client, clock } = await readyAgent();
		agent.intercept = (request) => agent.requests.length === 1 && Boolean(request.socket.destroy());
		const value = client.get("DB_URL");
		await pass(clock, 100);
		expect(await value).toBe("postgres://x");
	});

	it("one that does not answer is asked again after half of the time", async () => {
		const { agent, client, clock } = await readyAgent();
		agent.intercept = () => agent.requests.length === 1;
		const value = client.get("DB_URL");
		await until(() => agent.requests.length === 1);
		await pass(clock, 5000);
		await pass(clock, 100);
		expect(await value).toBe("postgres://x");
		agent.intercept = () => true;
		const failed = failureOf(client.get("DB_URL", { timeoutMs: 3000 }));
		await pass(clock, 1500);
		await pass(clock, 100);
		await pass(clock, 1400);
		expect((await failed).message).toBe("The agent did not answer within 1400 ms; see its log.");
	});
});

describe("aborting", () => {
	it("at any moment gives up, says why, and leaves nothing behind", async () => {
		const moments = ["before", "token", "request", "body", "pause"] as const;
		for (const moment of moments) {
			const agent = await startAgent();
			if (moment === "request") agent.intercept = () => true;
			if (moment === "body")
				agent.intercept = (_, response) => response.writeHead(200, { "content-length": 9 }).write("{");
			const controller = new AbortController();
			const reason = new RangeError(moment);
			if (moment === "before") controller.abort(reason);
			const hanging = new Promise<string>(() => undefined);
			const { client, clock } = clientOf(agent, { token: () => (moment === "token" ? hanging : TOKEN) });
			const failed = failureOf(client.get("A", { signal: controller.signal }));
			if (moment === "pause") await until(() => clock.nextTimerMs === 100);
			else if (moment === "request" || moment === "body") await until(() => agent.requests.length === 1);
			controller.abort(reason);
			expect(await failed).toMatchObject({ code: "ABORTED", retryable: false, cause: reason });
			expect(clock.pendingTimers).toBe(0);
		}
	});

	it("a watch that was over before it began asks nothing", async () => {
		const { agent, client, clock } = await readyAgent();
		await client.watch(() => undefined, { signal: AbortSignal.abort() });
		expect(agent.requests).toEqual([]);
		expect(clock.pendingTimers).toBe(0);
	});

	it("a fetch that does not listen to its signal is left alone", async () => {
		const controller = new AbortController();
		const client = createClient({ env: {}, token: TOKEN, fetch: () => new Promise(() => undefined) });
		const failed = failureOf(client.keys({ signal: controller.signal }));
		controller.abort();
		expect(await failed).toMatchObject({ code: "ABORTED" });
	});
});

it("wrong uses do not compile", () => {
	const client = createClient({ env: {}, token: TOKEN });
	const wrong = (): unknown[] => [
		// @ts-expect-error a key is needed
		client.get(),
		// @ts-expect-error a namespace is a text
		client.get("A", { namespace: 1 }),
		// @ts-expect-error names are a list of texts
		client.keys().then((names): number[] => names),
		// @ts-expect-error no value comes with a change
		client.watch(({ value }) => value),
		// @ts-expect-error codes are a closed set
		new ClientError("SOMETHING", "x"),
	];
	expect(wrong).toBeTypeOf("function");
});

it("an error carries only what is known", () => {
	expect(Object.keys(new ClientError("ABORTED", "x"))).toEqual(["name", "code", "retryable"]);
});
