import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { s3Refusal } from "@clef-sh/testkit/s3-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it, vi } from "vitest";
import { createSource } from "../src/index.js";
import { BUCKET, failureOf, KEY, live, s3Server, s3Source } from "./s3-stage.js";

const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };

describe("S3Source in a hostile world", () => {
	it("T20 asks a bucket that is always elsewhere twice and no more", async () => {
		const server = await s3Server();
		const elsewhere = (region: string) =>
			s3Refusal(307, "TemporaryRedirect", {
				"x-amz-bucket-region": region,
				location: "http://169.254.169.254/",
			});
		server.respondWith(elsewhere("eu-west-1"), elsewhere("eu-west-2"));
		expect(await failureOf(s3Source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		expect(server.requests).toHaveLength(2);
		server.respondWith(elsewhere("evil.example/"));
		expect(await failureOf(s3Source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		expect(server.requests).toHaveLength(3);
	});

	it("T17 stops a body that inflates beyond the cap", async () => {
		const server = await s3Server();
		server.respondWith(behaviours.gzipBomb(4));
		expect(await failureOf(s3Source({ maxBytes: 100_000 }))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
	});

	it("T18 stops a body without end, and refuses one that is shorter than it declared", async () => {
		const server = await s3Server();
		server.respondWith(behaviours.endless(), behaviours.lyingLength("{}", 50));
		const source = s3Source({ maxBytes: 100_000 });
		expect(await failureOf(source)).toMatchObject({ code: "SOURCE_TOO_LARGE" });
		expect(await failureOf(source)).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
	});

	it("T18 does not read an error's body without end either", async () => {
		const server = await s3Server();
		server.respondWith(behaviours.status(500, {}, Buffer.alloc(100_001, "<")));
		expect(await failureOf(s3Source({ maxBytes: 100_000 }))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
	});

	it.each([
		["nothing after the headers", behaviours.hangAfterHeaders(), TIMEOUTS.idleMs],
		["one byte of the body", behaviours.firstByte(), TIMEOUTS.idleMs],
		["one byte of the body, for too long in all", behaviours.firstByte(), TIMEOUTS.totalMs],
	])("T19 gives up on %s", async (_, behaviour, ms) => {
		const server = await s3Server();
		server.respondWith(behaviour);
		const timers = new HandFiredTimers();
		const source = createSource({ kind: "s3", bucket: BUCKET, key: KEY, timeouts: TIMEOUTS }, { timers });
		const idle = timers.nextSet(TIMEOUTS.idleMs);
		const failed = failureOf(source);
		await idle;
		timers.fire(ms);
		expect(await failed).toMatchObject({ code: "SOURCE_TIMEOUT", retryable: true });
		await vi.waitFor(() => expect(timers.pending).toEqual([]));
	});

	it("T19 gives up on credentials that never come, and on the caller's word", async () => {
		await s3Server();
		const timers = new HandFiredTimers();
		const credentials = () => new Promise<never>(() => undefined);
		const options = { kind: "s3", bucket: BUCKET, key: KEY, timeouts: TIMEOUTS, credentials } as const;
		const source = createSource(options, { timers });
		const failed = failureOf(source);
		timers.fire(TIMEOUTS.totalMs);
		expect(await failed).toMatchObject({ code: "SOURCE_TIMEOUT" });
		const controller = new AbortController();
		const aborted = source.read(undefined, controller.signal);
		controller.abort("enough");
		await expect(aborted).rejects.toBe("enough");
	});

	it("T20 follows no redirect to another place", async () => {
		const server = await s3Server();
		for (const location of ["http://127.0.0.1:1/", "https://other.example/", "file:///etc/passwd"]) {
			server.respondWith(behaviours.redirect(location, 307));
			expect(await failureOf(s3Source())).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED" });
		}
	});

	it.each([
		["an HTML page", behaviours.html()],
		["a 206", behaviours.partial(Buffer.from("{}"))],
		["a 204", behaviours.status(204)],
		["a 304 that nobody asked for", behaviours.status(304)],
		["no HTTP", behaviours.noHttp()],
	])("T21 refuses %s in place of the object", async (_, behaviour) => {
		const server = await s3Server();
		server.respondWith(behaviour);
		const error = await failureOf(s3Source(), { etag: "not\nsendable" });
		expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
	});

	it("T21 takes new content under an old weak entity tag as modified", async () => {
		const server = await s3Server();
		server.respondWith(behaviours.status(200, { etag: 'W/"v"' }, "new"));
		const result = await s3Source().read({ etag: 'W/"v"' }, live());
		expect(result.kind === "modified" && Buffer.from(result.bytes).toString()).toBe("new");
	});

	it("T22 waits as long as it is asked to", async () => {
		const server = await s3Server();
		const retryAfter = { "retry-after": "30" };
		server.respondWith(
			s3Refusal(503, "SlowDown", retryAfter),
			s3Refusal(503, "ServiceUnavailable", retryAfter),
			behaviours.status(429, retryAfter),
		);
		const source = s3Source();
		const wait = { retryable: true, retryAfterMs: 30_000 };
		expect(await failureOf(source)).toMatchObject({ code: "SOURCE_RATE_LIMITED", ...wait });
		expect(await failureOf(source)).toMatchObject({ code: "SOURCE_UNREACHABLE", ...wait });
		expect(await failureOf(source)).toMatchObject({ code: "SOURCE_RATE_LIMITED", ...wait });
		expect(server.requests).toHaveLength(3);
	});

	it("T27 describes a key without letting it break a log line", () => {
		expect(s3Source({ key: "a\r\nb\u0085c" }).description).toBe("s3://artifacts/a%0D%0Ab%C2%85c");
	});

	it("T27 refuses a place that cannot be, without quoting it", () => {
		for (const [bucket, key, region] of [
			["s3cret:x@y", "k"],
			["b", "s3cret"],
			["artifacts", ""],
			["artifacts", "s3cret/../k"],
			["artifacts", "s3cret\0"],
			["artifacts", "s3cret\ud800"],
			["artifacts", "k", "s3cret.example"],
		] as const) {
			let error: unknown;
			try {
				s3Source({ bucket, key, ...(region && { region }) });
			} catch (thrown) {
				error = thrown;
			}
			expect(error).toMatchObject({ name: "SourceError", code: "SOURCE_NOT_FOUND" });
			expect(printed(error)).not.toContain("s3cret");
		}
	});
});
