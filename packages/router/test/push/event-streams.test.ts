import { settle } from "@clef-sh/testkit/clock";
import { beforeEach, describe, expect, it } from "vitest";
import { TOKEN } from "../requests.js";
import { gate } from "../waiting.js";
import { PushStage } from "./stage.js";

const RETRY = { retry: "1000" };
let stage: PushStage;

beforeEach(async () => {
	stage = await PushStage.of({ database: { URL: "a", USER: "b" }, KEY: { A: "1" } });
});

const revision = (id: string, data: object) => ({ event: "revision", id, data: { revision: id, ...data } });

describe("GET /v1/events", () => {
	it("begins with what is held, by names and never by values", async () => {
		const stream = await stage.stream();
		expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
		expect(stream.response.headers.get("cache-control")).toBe("no-store");
		expect(await stream.next(2)).toEqual([
			RETRY,
			revision("r1", {
				since: null,
				added: ["KEY__A", "database__URL", "database__USER"],
				changed: [],
				removed: [],
			}),
		]);
	});

	it("tells which names another revision added, changed and removed", async () => {
		const stream = await stage.stream();
		await stream.next(2);
		await stage.replace({ database: { URL: "z", USER: "b" }, KEY: { B: "1" } }, "r2");
		expect(await stream.next(1)).toEqual([
			revision("r2", { since: "r1", added: ["KEY__B"], changed: ["database__URL"], removed: ["KEY__A"] }),
		]);
	});

	it("resumes after the revision that a client has, also when it was away for one", async () => {
		const first = await stage.stream();
		await first.next(2);
		await first.cancel();
		await stage.replace({ database: { URL: "z", USER: "b" }, KEY: { A: "1" } }, "r2");
		const again = await stage.stream({ "Last-Event-ID": "r1" });
		expect(await again.next(2)).toEqual([
			RETRY,
			revision("r2", { since: "r1", added: [], changed: ["database__URL"], removed: [] }),
		]);
		const current = await stage.stream({ "Last-Event-ID": "r2" });
		expect(await current.next(1)).toEqual([RETRY]);
		await stage.replace({ A: "1" }, "r3");
		expect(await current.next(1)).toMatchObject([{ id: "r3", data: { since: "r2" } }]);
	});

	it("starts anew for a client whose revision nobody remembers", async () => {
		const stream = await stage.stream({ "Last-Event-ID": "long ago" });
		expect(await stream.next(2)).toMatchObject([RETRY, { id: "r1", data: { since: null, removed: [] } }]);
	});

	it("tells of several changes at once as one", async () => {
		const stream = await stage.stream();
		await stream.next(2);
		const { opened, open } = gate();
		stage.agent.gate = opened;
		await stage.replace({ A: "1" }, "r2");
		await stage.replace({ B: "1" }, "r3");
		open();
		expect(await stream.next(1)).toMatchObject([{ id: "r3", data: { added: ["B"] } }]);
	});

	it("percent-encodes a revision that is no header", async () => {
		await stage.replace({ A: "1" }, "r é\n");
		const stream = await stage.stream();
		expect(await stream.next(2)).toMatchObject([RETRY, { id: "r%20%C3%A9%0A", data: { revision: "r é\n" } }]);
		const again = await stage.stream({ "Last-Event-ID": "r%20%C3%A9%0A" });
		expect(await again.next(1)).toEqual([RETRY]);
		await stage.replace({ B: "1" }, "r/2");
		expect(await again.next(1)).toEqual([
			{
				...{ event: "revision", id: "r%2F2" },
				data: { revision: "r/2", since: "r é\n", added: ["B"], changed: [], removed: ["A"] },
			},
		]);
	});

	it.each([
		["revoked", "revoked"],
		["artifact_expired", "expired"],
		["cache_expired", "expired"],
	] as const)(
		"tells once that nothing is served because of %s, and that it is over",
		async (state, event) => {
			const stream = await stage.stream();
			await stream.next(2);
			await stage.become({ state });
			await stage.become({ state });
			expect(await stream.next(1)).toEqual([{ event, data: { reason: state } }]);
			await stage.become({ state: "ready" });
			expect(await stream.next(1)).toEqual([{ event: "recovered", data: { revision: "r1" } }]);
			await stage.become({ state });
			await stage.replace({ A: "2" }, "r2");
			expect(await stream.next(3)).toMatchObject([{ event }, { event: "recovered" }, { event: "revision" }]);
		},
	);

	it("tells whoever comes meanwhile that nothing is served, and says nothing before there is anything", async () => {
		await stage.become({ state: "revoked", revision: null });
		expect(await (await stage.stream()).next(2)).toEqual([
			RETRY,
			{ event: "revoked", data: { reason: "revoked" } },
		]);
		await stage.become({ state: "not_loaded" });
		const early = await stage.stream();
		expect(await early.next(1)).toEqual([RETRY]);
		await stage.become({ state: "ready", revision: "r1" });
		expect(await early.next(1)).toMatchObject([{ event: "revision", id: "r1" }]);
	});

	it("says nothing of what cannot be opened until it can be", async () => {
		stage.agent.failure = new TypeError("cannot be decrypted");
		const stream = await stage.stream();
		expect(await stream.next(1)).toEqual([RETRY]);
		stage.agent.failure = undefined;
		await stage.become({});
		expect(await stream.next(1)).toMatchObject([{ event: "revision", id: "r1" }]);
	});

	it("opens the secrets once for each revision, however many clients there are", async () => {
		const streams = await Promise.all(Array.from({ length: 5 }, () => stage.stream()));
		for (const stream of streams) await stream.next(2);
		expect(stage.agent.opens).toBe(1);
	});

	it("sends a heartbeat every 15 seconds while anybody listens", async () => {
		const stream = await stage.stream();
		await stream.next(2);
		await stage.clock.advance(15_000);
		await stage.clock.advance(15_000);
		expect(await stream.next(2)).toEqual([{ comment: "heartbeat" }, { comment: "heartbeat" }]);
		await stream.cancel();
		expect(stage.clock.pendingTimers).toBe(0);
	});

	it("L32 L33 HEAD has the status and headers, and begins no stream that nobody reads", async () => {
		const headers = { Authorization: `Bearer ${TOKEN}` };
		const head = await stage.router.request("/v1/events", { method: "HEAD", headers });
		expect([head.status, head.headers.get("content-type"), head.body]).toEqual([
			200,
			"text/event-stream",
			null,
		]);
		expect(stage.clock.pendingTimers).toBe(0);
	});

	it("L32 cuts off a client that does not read", async () => {
		const many = Object.fromEntries(
			Array.from({ length: 3_000 }, (_, n) => [`KEY_WITH_A_LONG_NAME_${n}`, "a"]),
		);
		const stream = await stage.stream();
		await stage.replace(many, "r2");
		await stage.replace({ A: "1" }, "r3");
		await expect(stream.next(10)).rejects.toThrow("did not read");
		expect(stage.clock.pendingTimers).toBe(0);
	});

	it("ends its streams when the agent stops, and begins none after that", async () => {
		const stream = await stage.stream();
		await stream.next(2);
		stage.changes.write({ event: "agent.stopped", at: 0, uptimeSeconds: 1 });
		await settle();
		expect(await stream.isOver()).toBe(true);
		const late = await stage.stream();
		expect(await late.next(5)).toEqual([RETRY]);
	});
});
