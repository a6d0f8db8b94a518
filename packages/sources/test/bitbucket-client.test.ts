import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { behaviours } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it } from "vitest";
import { BitbucketCloud, BODY, META, RAW } from "./bitbucket-cloud.js";
import { failure, modified, PATH, TIMEOUTS } from "./bitbucket-stage.js";

describe("BitbucketClient", () => {
	const cloud = new BitbucketCloud();

	it("sends email:api-token as Basic", async () => {
		const token = "dev@acme.example:ATATT-s3cret";
		cloud.place.credentials.add(`Basic ${Buffer.from(token).toString("base64")}`);
		expect(Buffer.from((await modified(cloud.source({ token }))).bytes)).toEqual(BODY);
		expect(cloud.place.exchanges.every(({ authorization }) => authorization?.startsWith("Basic "))).toBe(
			true,
		);
	});

	it("says who it is, and that it wants no kept answer", async () => {
		await modified(cloud.source());
		for (const { headers } of cloud.place.server.requests) {
			expect(headers).toMatchObject({ "user-agent": "clef-agent", "cache-control": "no-cache" });
		}
	});

	it("T17 stops a compressed bomb at the cap, in metadata and in the file", async () => {
		for (const where of [META, RAW]) {
			cloud.place.interpose([behaviours.gzipBomb(2)], where);
			expect(await failure(cloud.source({ maxBytes: 1000 }))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
		}
	});

	it("T18 stops an endless body, and refuses one cut short or with a wrong length", async () => {
		for (const where of [META, RAW]) {
			cloud.place.interpose([behaviours.endless()], where);
			expect(await failure(cloud.source({ maxBytes: 1000 }))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
			cloud.place.interpose([behaviours.cutShort("{}")], where);
			expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_UNREACHABLE" });
			cloud.place.interpose([behaviours.lyingLength("{}", 50)], where);
			expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_UNREACHABLE" });
		}
	});

	it.each([
		["silence", behaviours.silence(), TIMEOUTS.headersMs, META],
		["silence for the file", behaviours.silence(), TIMEOUTS.headersMs, RAW],
	])("T19 gives up after %s", async (_, behaviour, limit, where) => {
		const timers = new HandFiredTimers();
		let seen: () => void = () => undefined;
		const arrived = new Promise<void>((resolve) => {
			seen = resolve;
		});
		cloud.place.interpose(
			[
				(request, response) => {
					behaviour(request, response);
					seen();
				},
			],
			where,
		);
		const failed = failure(cloud.source({ timeouts: TIMEOUTS }, timers));
		await arrived;
		timers.fire(limit);
		expect(await failed).toMatchObject({ code: "SOURCE_TIMEOUT", retryable: true });
	});

	it("T19 gives up on a read whose requests together take too long", async () => {
		const timers = new HandFiredTimers();
		cloud.place.interpose([
			(_request, response) => {
				timers.fire(TIMEOUTS.totalMs);
				response.writeHead(200).end("{}");
			},
		]);
		const error = await failure(cloud.source({ timeouts: TIMEOUTS }, timers));
		expect(error).toMatchObject({ code: "SOURCE_TIMEOUT", retryable: true });
		expect(error.message).toContain("not read within 103 ms");
		expect(timers.pending).toEqual([]);
		cloud.place.behave();
		await modified(cloud.source({ timeouts: TIMEOUTS }, timers));
		expect(timers.pending).toEqual([]);
	});

	it.each([behaviours.hangAfterHeaders(), behaviours.firstByte()])(
		"T19 gives up on a body that stops (%#)",
		async (behaviour) => {
			for (const where of [META, RAW]) {
				cloud.place.interpose([behaviour], where);
				const error = await failure(cloud.source({ timeouts: { idleMs: 20 } }));
				expect(error).toMatchObject({ code: "SOURCE_TIMEOUT" });
			}
		},
	);

	it.each([
		"http://169.254.169.254/?s1gned",
		"https://elsewhere.example/s1gned",
		"file:///etc/passwd",
		"/2.0/x",
	])("T20 refuses a redirect to %s and sends it no token", async (location) => {
		for (const where of [META, RAW]) {
			cloud.place.interpose([behaviours.redirect(location, 301)], where);
			const error = await failure(cloud.source());
			expect(error).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED" });
			expect(printed(error)).not.toContain("s1gned");
		}
	});

	it.each([201, 202, 203, 204, 206, 304])(
		"T21 refuses status %i where nobody asked for it",
		async (status) => {
			for (const where of [META, RAW]) {
				cloud.place.interpose([behaviours.status(status)], where);
				expect(await failure(cloud.source())).toMatchObject({
					code: "SOURCE_BAD_RESPONSE",
					retryable: false,
				});
			}
		},
	);

	it("T21 refuses an HTML page and broken JSON with a hint", async () => {
		for (const where of [META, RAW]) {
			cloud.place.interpose([behaviours.html()], where);
			expect((await failure(cloud.source())).message).toContain("CLEF_AGENT_VCS_API_URL");
		}
		cloud.place.interpose([behaviours.status(200, {}, "{")], META);
		expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it("T21 sends no ETag that a header cannot carry", async () => {
		cloud.place.interpose([behaviours.status(304)], RAW);
		const stale = { etag: `${"a".repeat(40)}:${PATH} bad\n` };
		expect(await failure(cloud.source(), stale)).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it("T22 honours 429 with and without Retry-After, in every request", async () => {
		cloud.place.quota = 1;
		cloud.place.retryAfter = "120";
		const error = await failure(cloud.source());
		expect(error).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryable: true, retryAfterMs: 120_000 });
		cloud.place.retryAfter = undefined;
		expect((await failure(cloud.source())).retryAfterMs).toBeUndefined();
		expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_RATE_LIMITED" });
	});

	it("T22 reads a date in Retry-After, and keeps it through a 5xx", async () => {
		cloud.place.interpose([
			behaviours.status(429, { "retry-after": "Tue, 01 Jan 2030 00:02:00 GMT" }),
			behaviours.status(503, { "retry-after": "5" }),
		]);
		expect(await failure(cloud.source())).toMatchObject({ retryAfterMs: 120_000 });
		expect(await failure(cloud.source())).toMatchObject({ code: "SOURCE_UNREACHABLE", retryAfterMs: 5_000 });
	});
});
