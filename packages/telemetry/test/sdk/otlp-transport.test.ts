import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { behaviours, deadOrigin, startServer } from "@clef-sh/testkit/servers";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Fetch, OtlpTransport, type TransportOptions } from "../../src/sdk/otlp-transport.js";

const BATCH = new TextEncoder().encode("a batch");
const TIMEOUT_MS = 10_000;

interface Stage {
	readonly clock: ManualClock;
	readonly cut: AbortController;
	readonly requests: Request[];
	send(): ReturnType<OtlpTransport["send"]>;
}

/** A transport whose requests are answered by `answer`, and kept. */
function stage(
	answer: (request: Request) => Promise<Response> | Response,
	options: Partial<TransportOptions> = {},
): Stage {
	const clock = new ManualClock();
	const cut = new AbortController();
	const requests: Request[] = [];
	const fetch: Fetch = async (input, init) => {
		const request = new Request(input, init);
		requests.push(request.clone());
		return answer(request);
	};
	const transport = new OtlpTransport({
		endpoint: "http://collector:4318/v1/logs",
		compression: "none",
		headers: () => ({}),
		fetch: async () => fetch,
		cut: cut.signal,
		clock,
		random: () => 0.5,
		...options,
	});
	return { clock, cut, requests, send: () => transport.send(BATCH, TIMEOUT_MS) };
}

const refusing = (status: number, headers?: Record<string, string>) => () =>
	new Response("", { status, ...(headers && { headers }) });

function failing(code: string): () => never {
	return () => {
		throw new TypeError("fetch failed", { cause: Object.assign(new TypeError(), { code }) });
	};
}

/** Never settles unless it is aborted. */
const silence = ({ signal }: Request): Promise<never> =>
	new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("OtlpTransport", () => {
	it("gives back what the collector says of a batch", async () => {
		const { clock, requests, send } = stage(() => new Response("taken"));
		const outcome = await send();
		expect(outcome).toEqual({ status: "success", data: Buffer.from("taken") });
		expect([await requests[0]?.text(), requests[0]?.method, clock.pendingTimers]).toEqual([
			"a batch",
			"POST",
			0,
		]);
	});

	it.each([429, 502, 503, 504])(
		"tries again after a %i, later each time, six times in all",
		async (status) => {
			const { clock, requests, send } = stage(refusing(status));
			const sending = send();
			const pauses: unknown[] = [];
			await settle();
			for (let count = 1; count < 6 && requests.length === count; count += 1) {
				pauses.push(clock.nextTimerMs);
				await clock.advance(clock.nextTimerMs ?? 0);
			}
			expect(await sending).toMatchObject({ status: "retryable", error: { code: status } });
			// The sixth attempt would come after the time for all of them.
			expect([pauses, requests.length]).toEqual([[1000, 1500, 2250, 3375, undefined], 5]);
		},
	);

	it.each([400, 401, 404, 500, 302])("does not try again after a %i", async (status) => {
		const { requests, send } = stage(refusing(status));
		expect(await send()).toMatchObject({ status: "failure", error: { code: status } });
		expect(requests).toHaveLength(1);
	});

	it.each(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "UND_ERR_SOCKET"])(
		"tries again after %s",
		async (code) => {
			let isDown = true;
			const { clock, requests, send } = stage(() => (isDown ? failing(code)() : new Response("")));
			const sending = send();
			await settle();
			isDown = false;
			await clock.advance(1000);
			expect((await sending).status).toBe("success");
			expect(requests).toHaveLength(2);
		},
	);

	it.each(["DEPTH_ZERO_SELF_SIGNED_CERT", "HPE_INVALID_CONSTANT"])(
		"does not try again after %s",
		async (code) => {
			const { requests, send } = stage(failing(code));
			expect((await send()).status).toBe("failure");
			expect(requests).toHaveLength(1);
		},
	);

	it("waits for as long as it is asked to, and not at all when that is too long", async () => {
		const patient = stage(refusing(503, { "retry-after": "3" }));
		const sending = patient.send();
		await patient.clock.advance(2999);
		expect(patient.requests).toHaveLength(1);
		await patient.clock.advance(1);
		expect(patient.requests).toHaveLength(2);
		await patient.clock.advance(TIMEOUT_MS);
		expect((await sending).status).toBe("retryable");
		const hasty = stage(refusing(429, { "retry-after": "11" }));
		expect(await hasty.send()).toMatchObject({ status: "retryable", retryInMillis: 11_000 });
		expect([hasty.requests.length, hasty.clock.pendingTimers]).toEqual([1, 0]);
	});

	it("spreads what it tries again", async () => {
		const pauses = [];
		for (const random of [0, 0.999]) {
			const { clock, send } = stage(refusing(503), { random: () => random });
			const sending = send();
			await settle();
			pauses.push(clock.nextTimerMs);
			await clock.advance(TIMEOUT_MS);
			await sending;
		}
		expect(pauses).toEqual([800, expect.closeTo(1200, 0)]);
	});

	it("asks for the headers at each attempt", async () => {
		let count = 0;
		const headers = () => ({ "x-key": `value-${++count}` });
		const { clock, requests, send } = stage(refusing(503), { headers });
		const sending = send();
		await clock.advance(TIMEOUT_MS);
		await sending;
		expect(requests.slice(0, 2).map((each) => each.headers.get("x-key"))).toEqual(["value-1", "value-2"]);
	});

	it.each([
		["", {}, null],
		["user:p%40ss@", {}, `Basic ${btoa("user:p@ss")}`],
		["user:100%@", {}, `Basic ${btoa("user:100%")}`],
		["user:pass@", { authorization: "Bearer token" }, "Bearer token"],
	])("makes a header of the userinfo %s, unless there is one: %o", async (userinfo, headers, expected) => {
		const endpoint = `http://${userinfo}collector:4318/v1/logs?key=a`;
		const { requests, send } = stage(() => new Response(""), { endpoint, headers: () => headers });
		await send();
		const [request] = requests;
		expect(request?.headers.get("authorization")).toBe(expected);
		expect(request?.url).toBe("http://collector:4318/v1/logs?key=a");
	});

	it("gives up on a collector that is silent when the time is over", async () => {
		const { clock, send } = stage(silence);
		const sending = send();
		await clock.advance(TIMEOUT_MS - 1);
		expect(clock.pendingTimers).toBe(1);
		await clock.advance(1);
		expect((await sending).status).toBe("failure");
	});

	it("gives up on an answer that never ends, and takes one that breaks off or is long for what its status says", async () => {
		const endless = stage(({ signal }) => {
			const body = new ReadableStream({
				start: (stream) => signal.addEventListener("abort", () => stream.error(signal.reason)),
			});
			return new Response(body);
		});
		const sending = endless.send();
		await endless.clock.advance(TIMEOUT_MS);
		expect((await sending).status).toBe("failure");
		const broken = stage(
			() => new Response(new ReadableStream({ pull: (stream) => stream.error(new TypeError()) })),
		);
		expect(await broken.send()).toEqual({ status: "success", data: new Uint8Array() });
		const long = stage(() => new Response("x".repeat(65_537)));
		expect(await long.send()).toEqual({ status: "success", data: new Uint8Array() });
	});

	it("begins nothing once cut, ends what is under way, and waits no longer to try again", async () => {
		const underWay = stage(silence);
		const sending = underWay.send();
		await settle();
		underWay.cut.abort();
		expect((await sending).status).toBe("failure");
		expect((await underWay.send()).status).toBe("failure");
		expect([underWay.requests.length, underWay.clock.pendingTimers]).toEqual([1, 0]);
		const waiting = stage(refusing(503));
		const again = waiting.send();
		await settle();
		waiting.cut.abort();
		expect((await again).status).toBe("failure");
		expect([waiting.requests.length, waiting.clock.pendingTimers]).toEqual([1, 0]);
	});

	it("keeps to itself what makes it fail", async () => {
		const { send } = stage(() => new Response(""), { headers: () => ({ "x-key": "line\nbreak" }) });
		expect((await send()).status).toBe("failure");
	});
});

describe("OtlpTransport over the network", () => {
	it("fails on a dead port with the code that says why", async () => {
		const { clock, send } = stage(() => new Response(""), {
			endpoint: await deadOrigin(),
			fetch: async () => fetch,
			random: () => 100,
		});
		expect(await send()).toMatchObject({ status: "retryable", error: { cause: { code: "ECONNREFUSED" } } });
		expect(clock.pendingTimers).toBe(0);
	});

	it("follows no redirect, which would take the headers along", async () => {
		const elsewhere = await startServer(behaviours.ok("taken"));
		const server = await startServer(behaviours.redirect(elsewhere.url));
		onTestFinished(async () => {
			await Promise.all([server.close(), elsewhere.close()]);
		});
		const { send } = stage(() => new Response(""), { endpoint: server.url, fetch: async () => fetch });
		expect(await send()).toMatchObject({ status: "failure", error: { code: 302 } });
		expect(elsewhere.requests).toEqual([]);
	});
});
