import { TOKEN } from "@clef-sh/testkit/fake-agent";
import { describe, expect, it } from "vitest";
import { clientOf, pass, startAgent, until, watching } from "./stage.js";

const FIRST = { db: { URL: "one", USER: "u" }, api: { KEY: "k" } };
const SECOND = { db: { URL: "two", USER: "u" }, web: { KEY: "k" } };

describe("push", () => {
	it("reports the present revision, then each change", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const { changes, states } = watching(client, clock);
		await until(() => changes.length === 1);
		agent.publish("r2", SECOND);
		await until(() => changes.length === 2);
		expect(changes).toEqual([
			{ revision: "r1", since: null, added: ["db__URL", "db__USER", "api__KEY"], changed: [], removed: [] },
			{ revision: "r2", since: "r1", added: ["web__KEY"], changed: ["db__URL"], removed: ["api__KEY"] },
		]);
		expect(states).toEqual(["ready"]);
		expect(agent.requests.map(({ line }) => line)).toEqual(["GET /v1/events", "GET /v1/health"]);
	});

	it("waits for an agent that has loaded nothing yet", async () => {
		const agent = await startAgent();
		const { client, clock } = clientOf(agent);
		const { changes, states } = watching(client, clock);
		await until(() => states.length === 1);
		expect(changes).toEqual([]);
		agent.publish("r1", FIRST);
		await until(() => changes.length === 1);
		expect(states).toEqual(["not_loaded", "ready"]);
	});

	it("after a lost connection reports what was missed, once", async () => {
		const agent = await startAgent();
		agent.publish("a b/ü", FIRST);
		const { client, clock } = clientOf(agent);
		const { changes, errors } = watching(client, clock);
		await until(() => changes.length === 1);
		agent.hangUp();
		await until(() => errors.length === 1);
		agent.publish("r2", SECOND);
		await pass(clock, 1000);
		await until(() => changes.length === 2);
		expect(agent.requests[2]?.headers["last-event-id"]).toBe("a%20b%2F%C3%BC");
		expect(changes[1]).toMatchObject({ since: "a b/ü", added: ["web__KEY"], changed: ["db__URL"] });
		agent.hangUp();
		await until(() => errors.length === 2);
		await pass(clock, 1000);
		await until(() => agent.streams.size === 1);
		agent.publish("r3", FIRST);
		await until(() => changes.length === 3);
		expect(changes.map(({ revision }) => revision)).toEqual(["a b/ü", "r2", "r3"]);
		expect(errors[0]).toMatchObject({ code: "AGENT_UNREACHABLE" });
	});

	it("a new agent that knows no earlier revision: names are compared here", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const { changes, errors } = watching(client, clock);
		await until(() => changes.length === 1);
		agent.hangUp();
		await until(() => errors.length === 1);
		agent.publish("r2", SECOND);
		agent.history = [];
		await pass(clock, 1000);
		await until(() => changes.length === 2);
		expect(changes[1]).toEqual({
			revision: "r2",
			since: "r1",
			added: ["web__KEY"],
			changed: ["db__URL", "db__USER"],
			removed: ["api__KEY"],
		});
	});

	it("an event that does not continue what was reported is replaced by the whole", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const { changes } = watching(client, clock);
		await until(() => changes.length === 1);
		const streams = [...agent.streams];
		agent.streams.clear();
		agent.publish("r2", SECOND);
		for (const stream of streams) agent.streams.add(stream);
		agent.publish("r3", { ...SECOND, more: { X: "x" } });
		await until(() => changes.length === 2);
		expect(changes[1]).toMatchObject({
			revision: "r3",
			since: "r1",
			added: ["web__KEY", "more__X"],
			removed: ["api__KEY"],
		});
		agent.say(
			'event: revision\nid: r3\ndata: {"revision":"r3","since":"r2","added":[],"changed":[],"removed":[]}\n\n',
		);
		agent.publish("r4", SECOND);
		await until(() => changes.length === 3);
		expect(changes[2]).toMatchObject({ revision: "r4", since: "r3", removed: ["more__X"] });
	});

	it("tells why nothing is served, and when it is again", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const { states, changes } = watching(client, clock);
		await until(() => changes.length === 1);
		for (const reason of ["cache_expired", "artifact_expired", "revoked"] as const) agent.withdraw(reason);
		agent.say("event: later\ndata: x\n\n: heartbeat\n\n");
		agent.recover();
		await until(() => states.length === 5);
		expect(states).toEqual(["ready", "cache_expired", "artifact_expired", "revoked", "ready"]);
		expect(changes).toHaveLength(1);
	});

	it("learns after a lost connection that the agent has recovered meanwhile", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const { states, errors } = watching(client, clock);
		await until(() => states.length === 1);
		agent.withdraw("cache_expired");
		await until(() => states.length === 2);
		agent.hangUp();
		await until(() => errors.length === 1);
		agent.recover();
		await pass(clock, 1000);
		await until(() => states.length === 3);
		expect(states).toEqual(["ready", "cache_expired", "ready"]);
	});

	it("three heartbeats of silence are a lost connection", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const { errors, changes } = watching(client, clock);
		await until(() => changes.length === 1);
		await until(() => clock.nextTimerMs === 45_000);
		await clock.advance(44_999);
		agent.say(": heartbeat\n\n");
		await until(() => clock.nextTimerMs === 45_000);
		expect(errors).toEqual([]);
		await clock.advance(45_000);
		await until(() => errors.length === 1);
		expect(errors[0]?.message).toBe("The agent was silent for 45000 ms; connecting again.");
		await pass(clock, 1000);
		await until(() => agent.count("GET /v1/events") === 2);
	});
});

describe("trouble", () => {
	it("waits longer each time nothing listens, and not all clients alike", async () => {
		const gone = await startAgent();
		const { url } = gone;
		await gone.close();
		const { client, clock } = clientOf({ url }, { random: () => 0 });
		const { errors } = watching(client, clock);
		for (const ms of [500, 1000, 2000, 4000, 8000, 15_000, 15_000]) await pass(clock, ms);
		expect(errors.length).toBeGreaterThanOrEqual(7);
		expect(errors[0]).toMatchObject({
			code: "AGENT_UNREACHABLE",
			message: expect.stringContaining("ECONNREFUSED"),
		});
	});

	it("finds an agent that starts later", async () => {
		const gone = await startAgent();
		const { port, url } = gone;
		await gone.close();
		const { client, clock } = clientOf({ url });
		const { errors, changes } = watching(client, clock);
		await until(() => errors.length === 1);
		const agent = await startAgent({}, port);
		agent.publish("r1", FIRST);
		await pass(clock, 1000);
		await until(() => changes.length === 1);
	});

	it.each<[string, string | Uint8Array]>([
		["no JSON", "event: revision\ndata: {oops sec-ret\n\n"],
		["JSON of another kind", 'event: revision\ndata: {"revision":1}\n\n'],
		[
			"names that are none",
			'event: revision\ndata: {"revision":"r","since":null,"added":[1],"changed":[],"removed":[]}\n\n',
		],
		["a line without an end", `data: ${"x".repeat(1024 * 1024)}`],
	])("garbage is an error and a new connection: %s", async (_, text) => {
		const agent = await startAgent();
		const { client, clock } = clientOf(agent);
		const { errors, changes } = watching(client, clock);
		await until(() => agent.streams.size === 1);
		agent.say(text);
		await until(() => errors.length === 1);
		expect(errors[0]).toMatchObject({ code: "BAD_RESPONSE", retryable: false });
		expect(errors[0]?.message).not.toContain("sec-ret");
		agent.publish("r1", FIRST);
		await pass(clock, 1000);
		await until(() => changes.length === 1);
	});

	it("an answer that is no stream of events", async () => {
		const agent = await startAgent();
		agent.intercept = (_, response) =>
			Boolean(response.writeHead(200, { "content-type": "text/html" }).end("hi"));
		const { client, clock } = clientOf(agent);
		const { errors } = watching(client, clock);
		await until(() => errors.length === 1);
		expect(errors[0]).toMatchObject({ code: "BAD_RESPONSE" });
	});

	it("is told to wait, and waits", async () => {
		const agent = await startAgent();
		agent.intercept = (_, response) =>
			Boolean(
				response.writeHead(429, { "retry-after": "20" }).end('{"code":"TOO_MANY_STREAMS","error":"."}'),
			);
		const { client, clock } = clientOf(agent);
		const { errors } = watching(client, clock);
		await pass(clock, 20_000);
		expect(errors[0]).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 20_000 });
	});

	it("a token that rotated is read again, once a connection", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		let inFile = TOKEN;
		const { client, clock } = clientOf(agent, {
			token: undefined,
			env: { CLEF_AGENT_TOKEN_FILE: "/run/token" },
			readFile: async () => `${inFile}\n`,
		});
		const { changes, errors } = watching(client, clock);
		await until(() => changes.length === 1);
		agent.token = "the-next-token-of-some-length";
		agent.hangUp();
		await until(() => errors.length === 1);
		await pass(clock, 1000);
		await until(() => errors.length === 2);
		expect(errors[1]).toMatchObject({ code: "UNAUTHORIZED" });
		expect(agent.count("GET /v1/events")).toBe(2);
		inFile = agent.token;
		agent.publish("r2", SECOND);
		await pass(clock, 2000);
		await until(() => changes.length === 2);
		expect(agent.count("GET /v1/events")).toBe(4);
	});

	it("without any token it ends", async () => {
		const agent = await startAgent();
		const { client } = clientOf(agent, { token: undefined });
		await expect(client.watch(() => undefined)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
	});
});

describe("callbacks", () => {
	it("what onChange throws ends the watch, even an error of ours", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const ended = client.watch(() => client.get("NO_SUCH"));
		await expect(ended).rejects.toMatchObject({ code: "SECRET_NOT_FOUND" });
		await until(() => agent.streams.size === 0 && clock.pendingTimers === 0);
	});

	it("are called one after another, and none after the end", async () => {
		const agent = await startAgent();
		agent.publish("r1", FIRST);
		const { client } = clientOf(agent);
		const controller = new AbortController();
		const seen: string[] = [];
		const ended = client.watch(
			async ({ revision }) => {
				seen.push(revision);
				agent.publish("r2", SECOND);
				agent.publish("r3", FIRST);
				await client.keys();
				seen.push("done");
				if (revision === "r2") controller.abort();
			},
			{ signal: controller.signal },
		);
		await ended;
		expect(seen).toEqual(["r1", "done", "r2", "done"]);
	});
});
