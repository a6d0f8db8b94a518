import type { FakeAgent } from "@clef-sh/testkit/fake-agent";
import { describe, expect, it } from "vitest";
import { clientOf, pass, startAgent, until, watching } from "./stage.js";

const FIRST = { db: { URL: "one", USER: "u" }, api: { KEY: "k" } };
const SECOND = { db: { URL: "two", USER: "u" }, web: { KEY: "k" } };
const POLL = "GET /v1/secrets?wait=50";

describe("an agent that holds requests", () => {
	it("is asked to wait, and tells each change once", async () => {
		const agent = await startAgent({ hasPush: false });
		agent.publish("a b/ü", FIRST);
		const { client, clock } = clientOf(agent);
		const { changes, states, errors } = watching(client, clock);
		await pass(clock, 1000);
		await until(() => agent.held.size === 1);
		await clock.advance(50_000);
		agent.publish("r2", SECOND);
		await until(() => changes.length === 2);
		expect(changes).toEqual([
			{
				revision: "a b/ü",
				since: null,
				added: ["db__URL", "db__USER", "api__KEY"],
				changed: [],
				removed: [],
			},
			{ revision: "r2", since: "a b/ü", added: ["web__KEY"], changed: ["db__URL"], removed: ["api__KEY"] },
		]);
		expect({ states, errors }).toEqual({ states: ["ready"], errors: [] });
		expect(agent.requests.map(({ line }) => line)).toEqual(["GET /v1/events", POLL, POLL]);
	});

	it("is asked again at once when the time was up", async () => {
		const agent = await startAgent({ hasPush: false });
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		watching(client, clock);
		await pass(clock, 1000);
		for (const count of [2, 3, 4]) {
			await until(() => agent.held.size === 1 && agent.count(POLL) === count);
			await clock.advance(50_000);
			for (const release of agent.held) release();
		}
	});

	it("tells why it serves nothing; push is tried again each time", async () => {
		const agent = await startAgent({ hasPush: false });
		const { client, clock } = clientOf(agent);
		const { states, changes, errors } = watching(client, clock);
		await until(() => states.length === 1);
		agent.publish("r1", FIRST);
		await pass(clock, 1000);
		await until(() => changes.length === 1);
		agent.withdraw("revoked");
		await pass(clock, 1000);
		await until(() => states.length === 3);
		expect({ states, errors }).toEqual({ states: ["not_loaded", "ready", "revoked"], errors: [] });
		expect(agent.count("GET /v1/events")).toBeGreaterThanOrEqual(2);
	});

	it("one that never answers is given up and asked anew", async () => {
		const agent = await startAgent({ hasPush: false });
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent);
		const { errors } = watching(client, clock);
		await pass(clock, 1000);
		await until(() => agent.held.size === 1);
		await clock.advance(60_000);
		await until(() => errors.length === 1);
		expect(errors[0]).toMatchObject({ code: "AGENT_UNREACHABLE" });
	});
});

describe("an agent that does not know `wait`", () => {
	it("is asked every 5 to 60 seconds, oftener after a change", async () => {
		const agent = await startAgent({ hasPush: false, hasWait: false });
		agent.publish("r1", FIRST);
		const { client, clock } = clientOf(agent, { random: () => 0 });
		const { changes } = watching(client, clock);
		for (const ms of [1000, 5000, 10_000, 20_000, 30_000, 30_000]) await pass(clock, ms);
		await until(() => clock.nextTimerMs === 30_000);
		agent.publish("r2", SECOND);
		await clock.advance(30_000);
		await until(() => changes.length === 2);
		for (const ms of [1000, 5000]) await pass(clock, ms);
	});
});

describe("changing agents", () => {
	async function replaced(before: FakeAgent, options: { hasPush: boolean }): Promise<FakeAgent> {
		const { port } = before;
		await before.close();
		return startAgent(options, port);
	}

	it("from polled to pushed and nothing is missed or told twice", async () => {
		const old = await startAgent({ hasPush: false });
		old.publish("r1", FIRST);
		const { client, clock } = clientOf(old);
		const { changes, errors } = watching(client, clock);
		await pass(clock, 1000);
		await until(() => old.held.size === 1);
		const { port } = old;
		await Promise.all([old.close().catch(() => undefined), until(() => errors.length === 1)]);
		const agent = await startAgent({}, port);
		agent.publish("r1", FIRST);
		await pass(clock, 1000);
		await until(() => agent.streams.size === 1);
		agent.publish("r2", SECOND);
		await until(() => changes.length === 2);
		expect(changes[1]).toMatchObject({ since: "r1", changed: ["db__URL"], removed: ["api__KEY"] });
	});

	it("from pushed to polled: names alone are known, so each may have changed", async () => {
		const first = await startAgent();
		first.publish("r1", FIRST);
		const { client, clock } = clientOf(first);
		const { changes, errors } = watching(client, clock);
		await until(() => changes.length === 1);
		const agent = await replaced(first, { hasPush: false });
		await until(() => errors.length >= 1);
		agent.publish("r2", SECOND);
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
});

it.each<[string, Record<string, string>, string]>([
	["no revision", {}, "{}"],
	["a weak one", { etag: 'W/"r1"' }, "{}"],
	["no secrets", { etag: '"r1"' }, '{"a":1}'],
])("an answer with %s is an error", async (_, headers, body) => {
	const agent = await startAgent({ hasPush: false });
	agent.intercept = ({ url }, response) =>
		url !== "/v1/events" && Boolean(response.writeHead(200, headers).end(body));
	const { client, clock } = clientOf(agent);
	const { errors } = watching(client, clock);
	await until(() => errors.length === 1);
	expect(errors[0]).toMatchObject({ code: "BAD_RESPONSE" });
});
