import { settle } from "@clef-sh/testkit/clock";
import { beforeEach, describe, expect, it } from "vitest";
import { expectDocumented } from "../openapi/documented.js";
import { TOKEN } from "../requests.js";
import { PushStage } from "./stage.js";

let stage: PushStage;

beforeEach(async () => {
	stage = await PushStage.of({ KEY: "a" });
});

/** Asks with the condition, and tells whether there is an answer yet. */
function poll(query: string, condition = '"r1"', signal?: AbortSignal) {
	let isAnswered = false;
	const response = Promise.resolve(
		stage.router.request(`/v1/secrets?${query}`, {
			headers: { Authorization: `Bearer ${TOKEN}`, ...(condition && { "If-None-Match": condition }) },
			...(signal && { signal }),
		}),
	).then(async (answer) => {
		isAnswered = true;
		await expectDocumented("GET", "/v1/secrets", answer);
		return answer;
	});
	return { response, isAnswered: () => settle().then(() => isAnswered) };
}

describe("GET /v1/secrets?wait", () => {
	it("answers when there is another revision", async () => {
		const { response, isAnswered } = poll("wait=60");
		expect(await isAnswered()).toBe(false);
		await stage.become({});
		expect(await isAnswered()).toBe(false);
		await stage.replace({ KEY: "b" }, "r2");
		expect(await (await response).json()).toEqual({ KEY: "b" });
		expect(stage.clock.pendingTimers).toBe(0);
	});

	it("answers 304 when the time is over", async () => {
		const { response, isAnswered } = poll("wait=60&format=flat", '"r1;flat"');
		await stage.clock.advance(59_999);
		expect(await isAnswered()).toBe(false);
		await stage.clock.advance(1);
		expect((await response).status).toBe(304);
	});

	it("waits for five minutes at most", async () => {
		const { response } = poll("wait=999999999");
		await stage.clock.advance(300_000);
		expect((await response).status).toBe(304);
	});

	it("answers at once that nothing is served any more", async () => {
		const { response } = poll("wait=60");
		stage.agent.failure = Object.assign(new Error("Revoked."), {
			code: "ARTIFACT_REVOKED",
			reason: "revoked",
		});
		await stage.become({ state: "revoked" });
		expect((await response).status).toBe(503);
	});

	it.each([
		["another revision", "wait=60", '"r0"', 200],
		["no condition", "wait=60", "", 200],
		["no time to wait", "wait=0", '"r1"', 304],
		["the other format's tag", "wait=60", '"r1;flat"', 200],
	])("does not wait with %s", async (_, query, condition, status) => {
		expect((await poll(query, condition).response).status).toBe(status);
	});

	it.each(["wait=", "wait=-1", "wait=1.5", "wait=soon", "wait=1e3"])("refuses ?%s", async (query) => {
		const response = await poll(query).response;
		expect(response.status).toBe(400);
		expect(await response.json()).toMatchObject({ code: "REQUEST_MALFORMED" });
	});

	it("forgets a client that is gone", async () => {
		const gone = new AbortController();
		const { response } = poll("wait=60", '"r1"', gone.signal);
		await settle();
		expect(stage.clock.pendingTimers).toBe(1);
		gone.abort();
		await response;
		expect(stage.clock.pendingTimers).toBe(0);
	});

	it("keeps nobody waiting when the agent stops", async () => {
		const { response } = poll("wait=60");
		await settle();
		stage.changes.close();
		expect((await response).status).toBe(304);
		expect((await poll("wait=60").response).status).toBe(304);
	});

	it("L32 answers 503 when too many wait, and others as ever", async () => {
		const gone = new AbortController();
		const waiting = Array.from({ length: 1_023 }, () => poll("wait=60", '"r1"', gone.signal).response);
		const stream = await stage.stream();
		const refused = await poll("wait=60").response;
		expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
		expect(await refused.json()).toMatchObject({ code: "TOO_MANY_WAITING" });
		expect((await poll("format=flat", "").response).status).toBe(200);
		await stream.cancel();
		gone.abort();
		await Promise.all(waiting);
		expect(stage.clock.pendingTimers).toBe(0);
	});
});
