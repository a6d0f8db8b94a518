import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { type Behaviour, behaviours, startServer, stream, type TestServer } from "@clef-sh/testkit/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BoundedRequest, type BoundedResponse, boundedFetch } from "../src/bounded-fetch.js";

const MEBIBYTE = 1024 * 1024;
const TIMEOUTS = { headersMs: 11, idleMs: 22, totalMs: 33 };

describe("boundedFetch", () => {
	let server: TestServer;
	let timers: HandFiredTimers;
	let pulled: number;
	beforeEach(async () => {
		server = await startServer();
		timers = new HandFiredTimers();
		pulled = 0;
	});
	afterEach(async () => {
		expect(timers.pending).toEqual([]);
		await server.close();
	});

	/** The real fetch, with the inflated bytes counted as they are pulled. */
	const counting: typeof fetch = async (input, init) => {
		const response = await fetch(input, init);
		const count = new TransformStream<Uint8Array, Uint8Array>({
			transform(chunk, controller) {
				pulled += chunk.length;
				controller.enqueue(chunk);
			},
		});
		return new Response(response.body?.pipeThrough(count) ?? null, response);
	};

	function get(behaviour?: Behaviour, options: Partial<BoundedRequest> = {}, signal?: AbortSignal) {
		if (behaviour) server.respondWith(behaviour);
		const request: BoundedRequest = {
			url: new URL(`${server.url}/artifact`),
			headers: {},
			description: "the place",
			maxBytes: MEBIBYTE,
			timeouts: TIMEOUTS,
			wantsBody: () => true,
			...options,
		};
		return boundedFetch(request, { fetch: counting, timers }, signal ?? new AbortController().signal);
	}

	const failure = (answer: Promise<BoundedResponse>) =>
		answer.then(
			() => expect.fail("The read succeeded."),
			(error: unknown) => error,
		);

	it("reads a body up to the cap, to the byte", async () => {
		const { bytes } = await get(behaviours.ok(Buffer.alloc(MEBIBYTE, 7)));
		expect(bytes).toHaveLength(MEBIBYTE);
		expect(new Set(bytes)).toEqual(new Set([7]));
	});

	it("reads an empty body, and none at all", async () => {
		expect((await get(behaviours.ok(""))).bytes).toHaveLength(0);
		expect((await get(behaviours.status(204))).bytes).toHaveLength(0);
	});

	it("inflates a compressed body", async () => {
		const { bytes } = await get(behaviours.gzipBomb(1));
		expect(bytes).toHaveLength(MEBIBYTE);
	});

	it("discards a body nobody wants, and frees the connection", async () => {
		const hungUp = server.nextHangUp();
		const { status, bytes } = await get(behaviours.endless(), { wantsBody: () => false });
		expect([status, bytes.length]).toEqual([200, 0]);
		await hungUp;
	});

	it("T17 cuts a 200 MB bomb off at the cap while it inflates", async () => {
		const error = await failure(get(behaviours.gzipBomb(200)));
		expect(error).toMatchObject({ code: "SOURCE_TOO_LARGE", retryable: false });
		expect(pulled).toBeLessThan(2 * MEBIBYTE);
	});

	it("T17 refuses everything when the cap is not a number", async () => {
		const capless = { maxBytes: Number.NaN };
		expect(await failure(get(behaviours.ok("x"), capless))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
		expect(await failure(get(behaviours.gzipBomb(1), capless))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
	});

	it("T18 stops an endless body at the cap and hangs up", async () => {
		const hungUp = server.nextHangUp();
		expect(await failure(get(behaviours.endless()))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
		expect(pulled).toBeLessThan(2 * MEBIBYTE);
		await hungUp;
	});

	it("T18 refuses a declared length over the cap before reading", async () => {
		const error = await failure(get(behaviours.ok(Buffer.alloc(MEBIBYTE + 1))));
		expect(error).toMatchObject({ code: "SOURCE_TOO_LARGE" });
		expect(pulled).toBeLessThan(MEBIBYTE);
	});

	it.each([
		["chunked", behaviours.cutShort('{"version":1,')],
		["with a length", behaviours.lyingLength('{"version":1,', 400)],
	])("T18 takes a body cut short under 200 (%s) for a lost connection", async (_, behaviour) => {
		expect(await failure(get(behaviour))).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
	});

	it("T18 takes no more than the declared length", async () => {
		const { bytes } = await get(behaviours.lyingLength("12345", 3));
		expect(Buffer.from(bytes).toString()).toBe("123");
	});

	it("T18 notices a body shorter than declared even where fetch does not", async () => {
		const response = new Response("123", { headers: { "content-length": "5" } });
		const request = {
			url: new URL("https://a.example"),
			headers: {},
			description: "the place",
			maxBytes: 10,
		};
		const answer = boundedFetch(
			{ ...request, timeouts: TIMEOUTS, wantsBody: () => true },
			{ fetch: async () => response, timers },
			new AbortController().signal,
		);
		expect(await failure(answer)).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
	});

	it.each([
		["no HTTP", behaviours.noHttp()],
		["broken gzip", behaviours.brokenGzip()],
	])("T18 refuses %s as a bad response", async (_, behaviour) => {
		expect(await failure(get(behaviour))).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it("T19 gives up on a server that accepts and stays silent, and hangs up", async () => {
		const hungUp = server.nextHangUp();
		const accepted = new Promise<void>((resolve) => server.respondWith(() => resolve()));
		const answer = failure(get());
		await accepted;
		timers.fire(TIMEOUTS.headersMs);
		expect(await answer).toMatchObject({ code: "SOURCE_TIMEOUT", retryable: true });
		await hungUp;
	});

	it.each([
		["right after the headers", behaviours.hangAfterHeaders(), 1],
		["after one byte", behaviours.firstByte(), 2],
	])("T19 gives up on a body that stops %s", async (_, behaviour, steps) => {
		const hungUp = server.nextHangUp();
		const answer = failure(get(behaviour));
		for (let i = 0; i < steps; i++) await timers.nextSet(TIMEOUTS.idleMs);
		timers.fire(TIMEOUTS.idleMs);
		expect(await answer).toMatchObject({ code: "SOURCE_TIMEOUT" });
		await hungUp;
	});

	it("T19 gives up on one byte a second when the total is used up", async () => {
		const hungUp = server.nextHangUp();
		const { behaviour, send } = stream();
		const answer = failure(get(behaviour));
		await timers.nextSet(TIMEOUTS.idleMs);
		for (let i = 0; i < 5; i++) {
			const next = timers.nextSet(TIMEOUTS.idleMs);
			await send("x");
			await next;
		}
		timers.fire(TIMEOUTS.totalMs);
		expect(await answer).toMatchObject({ code: "SOURCE_TIMEOUT" });
		await hungUp;
	});

	it("T19 gives up even if fetch does not listen to its signal", async () => {
		const request = {
			url: new URL("https://a.example"),
			headers: {},
			description: "the place",
			maxBytes: 10,
		};
		const answer = boundedFetch(
			{ ...request, timeouts: TIMEOUTS, wantsBody: () => true },
			{ fetch: () => new Promise(() => undefined), timers },
			new AbortController().signal,
		);
		timers.fire(TIMEOUTS.headersMs);
		expect(await failure(answer)).toMatchObject({ code: "SOURCE_TIMEOUT" });
	});

	it("ends with the caller's reason when aborted before, while waiting, and inside the body", async () => {
		const reason = new Error("closing");
		expect(await failure(get(behaviours.ok("x"), {}, AbortSignal.abort(reason)))).toBe(reason);
		expect(server.requests).toHaveLength(0);

		const waiting = new AbortController();
		const silent = failure(get(behaviours.silence(), {}, waiting.signal));
		waiting.abort(reason);
		expect(await silent).toBe(reason);

		const reading = new AbortController();
		const hungUp = server.nextHangUp();
		const stuck = failure(get(behaviours.firstByte(), {}, reading.signal));
		await timers.nextSet(TIMEOUTS.idleMs);
		reading.abort(reason);
		expect(await stuck).toBe(reason);
		await hungUp;
	});
});
