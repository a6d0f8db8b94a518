import { behaviours, deadOrigin, stream } from "@clef-sh/testkit/servers";
import { describeSourceConformance } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asRaw, type GithubStage, openGithub, PATH, TIMEOUTS, TOKEN } from "./github-stage.js";

const BODY = Buffer.from('{"version":1,"name":"Zürich"}');

describeSourceConformance<GithubStage>("github", {
	open: openGithub,
	hold: (stage, bytes) => stage.hold(bytes),
	faults: {
		notFound: ({ server }) => server.respondWith(behaviours.status(404)),
		unauthorized: ({ server }) => server.respondWith(behaviours.status(401)),
		rateLimited: ({ server }) => server.respondWith(behaviours.status(429, { "retry-after": "7" })),
		failing: ({ server }) => server.respondWith(behaviours.status(503)),
		unreachable: async (stage) => {
			stage.detour = await deadOrigin();
		},
		timeout: ({ server, timers }) => {
			server.respondWith(behaviours.silence());
			const set = timers.nextSet(TIMEOUTS.headersMs);
			return async () => {
				await set;
				timers.fire(TIMEOUTS.headersMs);
			};
		},
		tooLarge: ({ server }) => server.respondWith(asRaw(behaviours.ok(Buffer.alloc(2001)))),
		redirected: ({ server }) =>
			server.respondWith(behaviours.redirect("http://169.254.169.254/latest/?s1gned")),
		cutShort: ({ server }) => server.respondWith(asRaw(behaviours.cutShort('{"version":'))),
		wrongContent: ({ server }) => server.respondWith(behaviours.html()),
	},
});

describe("GithubSource", () => {
	let stage: GithubStage;
	beforeEach(async () => {
		stage = await openGithub(BODY);
	});
	afterEach(() => stage.close());
	const put = (entry: Parameters<GithubStage["server"]["repositories"]["put"]>[2], ref?: string) =>
		stage.server.repositories.put("acme/app", PATH, entry, ref);

	it("asks the contents API for raw bytes, saying who it is", async () => {
		await stage.read();
		const [request] = stage.server.requests;
		expect(stage.server.requests).toHaveLength(1);
		expect(request).toMatchObject({ method: "GET", body: "" });
		expect(decodeURIComponent(request?.url ?? "")).toBe(`/api/v3/repos/acme/app/contents/${PATH}`);
		expect(request?.headers).toMatchObject({
			accept: "application/vnd.github.raw+json",
			authorization: `Bearer ${TOKEN}`,
			"x-github-api-version": "2022-11-28",
			"user-agent": expect.stringMatching(/^clef-agent /),
		});
		expect(request?.headers).not.toHaveProperty("if-none-match");
	});

	it("an unchanged artifact costs one request, no body and no quota", async () => {
		const first = await stage.read();
		const validator = first.kind === "modified" ? first.validator : undefined;
		const [fresh] = stage.server.costs;
		for (let poll = 0; poll < 3; poll++) {
			expect(await stage.read(undefined, validator)).toEqual({ kind: "unmodified" });
		}
		const unchanged = { status: 304, bodyBytes: 0, remaining: fresh?.remaining };
		expect(fresh).toEqual({ status: 200, bodyBytes: BODY.length, remaining: 4999 });
		expect(stage.server.costs.slice(1)).toEqual([unchanged, unchanged, unchanged]);
	});

	it("answers no validator, and reads all of it each time, where the server gives no ETag", async () => {
		stage.server.respondWith(
			asRaw(behaviours.ok(BODY, { etag: null, lastModified: new Date().toUTCString() })),
		);
		expect(await stage.read()).toEqual({ kind: "modified", bytes: BODY });
	});

	it("never asks by date, because a branch that was set back holds an older file", async () => {
		await stage.read(undefined, { etag: 'W/"1"', lastModified: "Mon, 01 Jan 2024 00:00:00 GMT" });
		expect(stage.server.requests[0]?.headers).toMatchObject({ "if-none-match": 'W/"1"' });
		expect(stage.server.requests[0]?.headers).not.toHaveProperty("if-modified-since");
	});

	it("reads exact bytes, of any kind and between one megabyte and its cap", async () => {
		const bytes = Buffer.alloc(1_500_000, Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a]));
		put({ kind: "file", bytes });
		const result = await stage.read({ token: TOKEN, maxBytes: 2_000_000 });
		expect(result.kind === "modified" && bytes.equals(result.bytes)).toBe(true);
	});

	it("reads a branch, tag or commit by name", async () => {
		put({ kind: "file", bytes: Buffer.from("other") }, "release/1 & 2");
		stage.server.repositories.put("acme/app", PATH, { kind: "file", bytes: Buffer.from("x") }, "v1");
		expect(await stage.read({ token: TOKEN, ref: "v1" })).toMatchObject({ bytes: Buffer.from("x") });
		expect((await stage.failure({ token: TOKEN, ref: "release/2" })).message).toContain("CLEF_AGENT_VCS_REF");
	});

	it("follows a link to a file, as GitHub does", async () => {
		stage.server.repositories.put("acme/app", "real.json", { kind: "file", bytes: BODY });
		put({ kind: "symlink", target: "real.json" });
		expect(await stage.read()).toMatchObject({ kind: "modified", bytes: BODY });
	});

	it("reads a public repository without a token", async () => {
		stage.server.repositories.add("acme/open", { private: false });
		stage.server.repositories.put("acme/open", PATH, { kind: "file", bytes: BODY });
		expect(await stage.read({ repo: "acme/open" })).toMatchObject({ bytes: BODY });
		expect(stage.server.requests[0]?.headers).not.toHaveProperty("authorization");
	});

	it("T20 follows a renamed repository inside the same https origin, and nowhere else", async () => {
		await stage.close();
		const origin = "https://ghe.example";
		stage = await openGithub(
			BODY,
			{ token: TOKEN, apiUrl: `${origin}/api/v3` },
			{ origin },
			{
				fetch: (input, init) => fetch(String(input).replace(origin, stage.server.url), init),
			},
		);
		stage.server.repositories.rename("acme/app", "acme/service");
		stage.server.allow(TOKEN, ["acme/service"]);
		expect(await stage.read()).toMatchObject({ kind: "modified", bytes: BODY });
		expect(stage.server.requests.map(({ url }) => url.split("/contents")[0])).toEqual([
			"/api/v3/repos/acme/app",
			"/api/v3/repositories/1000",
		]);
		stage.server.respondWith(behaviours.redirect("https://elsewhere.example/repositories/1000"));
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED", retryable: false });
		expect(stage.server.requests).toHaveLength(3);
	});

	it.each([
		["T17 a compressed bomb", asRaw(behaviours.gzipBomb(8)), "SOURCE_TOO_LARGE"],
		["T18 a body without end", asRaw(behaviours.endless()), "SOURCE_TOO_LARGE"],
		["T18 a body shorter than declared", behaviours.lyingLength("{}", 100), "SOURCE_UNREACHABLE"],
		["T18 a body cut short", asRaw(behaviours.cutShort("{")), "SOURCE_UNREACHABLE"],
		["T18 a length above the cap", behaviours.lyingLength("{}", 2001), "SOURCE_TOO_LARGE"],
		["T21 a 206 nobody asked for", behaviours.partial(BODY), "SOURCE_BAD_RESPONSE"],
		["T21 a 304 nobody asked for", behaviours.status(304), "SOURCE_BAD_RESPONSE"],
		["T21 a 204", behaviours.status(204), "SOURCE_BAD_RESPONSE"],
		["T21 a login page", behaviours.html(), "SOURCE_BAD_RESPONSE"],
		["T21 bytes that are no HTTP", behaviours.noHttp(), "SOURCE_BAD_RESPONSE"],
		["T21 a body that is not the gzip it claims", asRaw(behaviours.brokenGzip()), "SOURCE_BAD_RESPONSE"],
		["a status nobody knows", behaviours.status(799), "SOURCE_UNREACHABLE"],
		[
			"T20 a redirect to the same host over http",
			behaviours.redirect("/elsewhere"),
			"SOURCE_REDIRECT_REFUSED",
		],
		["T20 a redirect to a file", behaviours.redirect("file:///etc/passwd"), "SOURCE_REDIRECT_REFUSED"],
	])("%s is refused", async (_, behaviour, code) => {
		stage.server.respondWith(behaviour);
		expect(await stage.failure()).toMatchObject({ code });
		expect(stage.server.requests).toHaveLength(1);
	});

	it("T21 takes new content under an old weak ETag as modified", async () => {
		stage.server.respondWith(asRaw(behaviours.status(200, { etag: 'W/"v"' }, "new")));
		expect(await stage.read(undefined, { etag: 'W/"v"' })).toMatchObject({ bytes: Buffer.from("new") });
	});

	it("T21 a 304 to an ETag that no header can carry is refused, because it was not asked with", async () => {
		stage.server.respondWith(behaviours.status(304));
		expect(await stage.failure(undefined, { etag: "a\nb" })).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it.each([
		["headers", behaviours.silence(), TIMEOUTS.headersMs],
		["a piece of the body", asRaw(behaviours.hangAfterHeaders()), TIMEOUTS.idleMs],
		["the rest of the body", asRaw(behaviours.firstByte()), TIMEOUTS.idleMs],
	])("T19 does not wait for %s for ever", async (_, behaviour, ms) => {
		stage.server.respondWith(behaviour);
		const set = stage.timers.nextSet(ms);
		const failed = stage.failure();
		await set;
		stage.timers.fire(ms);
		expect(await failed).toMatchObject({ code: "SOURCE_TIMEOUT", retryable: true });
		expect(stage.timers.pending).toEqual([]);
	});

	it("T19 one total limit holds for all requests of a read", async () => {
		stage.server.respondWith(behaviours.status(404), behaviours.silence());
		const failed = stage.failure();
		await vi.waitFor(() => expect(stage.server.requests).toHaveLength(2));
		stage.timers.fire(TIMEOUTS.totalMs);
		expect(await failed).toMatchObject({ code: "SOURCE_TIMEOUT" });
		expect(stage.timers.pending).toEqual([]);
	});

	it("T19 an abort in the middle of a body rejects with its reason, untouched, and hangs up", async () => {
		const body = stream();
		stage.server.respondWith(asRaw(body.behaviour));
		const controller = new AbortController();
		const hungUp = stage.server.nextHangUp();
		const reason = Object.freeze(new DOMException("enough", "AbortError"));
		const set = stage.timers.nextSet(TIMEOUTS.idleMs);
		const failed = stage.source.read(undefined, controller.signal).catch((error: unknown) => error);
		await body.send("{");
		await set;
		controller.abort(reason);
		expect(await failed).toBe(reason);
		expect(reason).not.toHaveProperty("status");
		await hungUp;
	});

	it("T22 honours the primary limit's reset and the secondary limit's Retry-After", async () => {
		const now = () => Date.UTC(2030, 0, 1);
		await stage.close();
		stage = await openGithub(BODY, undefined, { now }, { now });
		stage.server.quotas.spend(TOKEN, 5000);
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 3_600_000 });
		const used = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now() / 1000 + 90) };
		const retryAfter = { "retry-after": "30", "x-ratelimit-remaining": "4000" };
		for (const [headers, retryAfterMs] of [
			[used, 90_000],
			[retryAfter, 30_000],
		] as const) {
			for (const status of [403, 429]) {
				stage.server.respondWith(behaviours.status(status, headers, "{}"));
				expect(await stage.failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs });
			}
		}
	});

	it("T22 does not wait for what a used-up limit has to say beside its headers", async () => {
		stage.server.respondWith((_request, response) => {
			response.writeHead(403, { "retry-after": "5" }).flushHeaders();
		});
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 5000 });
	});

	it("T22 waits a minute after a 429 that says nothing, and as long as a failing server asks", async () => {
		stage.server.respondWith(behaviours.status(429), behaviours.status(503, { "retry-after": "5" }));
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 60_000 });
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_UNREACHABLE", retryAfterMs: 5000 });
	});

	it("T22 five hundred agents with one token cost no quota while nothing changes", async () => {
		const first = await stage.read();
		const validator = first.kind === "modified" ? first.validator : undefined;
		for (let agent = 0; agent < 500; agent++) await stage.read(undefined, validator);
		expect(stage.server.quotas.remaining(TOKEN)).toBe(4999);
	});
});
