import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { behaviours, deadOrigin, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { describeSourceConformance, printed, type Stage } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpSourceOptions } from "../src/http-source.js";
import { createSource, SourceError } from "../src/index.js";

const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };
const SECRETS = ["tok-en.5ecret", "X-Amz-Signature", "s1gned", "?"];
const BODY = '{"version":1}';

interface HttpStage extends Stage {
	readonly server: TestServer;
	readonly timers: HandFiredTimers;

	/** The origin the next request goes to instead, when set. */
	detour: string | undefined;
}

async function openStage(bytes: Uint8Array): Promise<HttpStage> {
	const server = await startServer(behaviours.ok(bytes));
	const timers = new HandFiredTimers();
	const source = createSource(
		{
			kind: "http",
			url: `${server.url}/artifact.age.json?X-Amz-Signature=s1gned#part`,
			token: "tok-en.5ecret",
			maxBytes: 1000,
			timeouts: TIMEOUTS,
		},
		{
			timers,
			fetch: (input, init) => fetch(String(input).replace(server.url, stage.detour ?? server.url), init),
		},
	);
	const stage: HttpStage = {
		source,
		secrets: SECRETS,
		server,
		timers,
		detour: undefined,
		close: server.close,
	};
	return stage;
}

describeSourceConformance<HttpStage>("http", {
	open: openStage,
	hold: (stage, bytes) => {
		stage.detour = undefined;
		stage.server.respondWith(behaviours.ok(bytes));
	},
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
			return () => timers.fire(TIMEOUTS.headersMs);
		},
		tooLarge: ({ server }) => server.respondWith(behaviours.ok(Buffer.alloc(1001))),
		redirected: ({ server }) =>
			server.respondWith(behaviours.redirect("http://169.254.169.254/latest/?s1gned")),
		cutShort: ({ server }) => server.respondWith(behaviours.cutShort('{"version":')),
		wrongContent: ({ server }) => server.respondWith(behaviours.html()),
	},
});

describe("HttpSource", () => {
	let server: TestServer;
	beforeEach(async () => {
		server = await startServer();
	});
	afterEach(() => server.close());

	const source = (options: Partial<HttpSourceOptions> = {}) =>
		createSource({ kind: "http", url: `${server.url}/a`, ...options }, { now: () => Date.UTC(2030, 0, 1) });
	const read = (validator?: object, options?: Partial<HttpSourceOptions>) =>
		source(options).read(validator, new AbortController().signal);
	const failure = async (validator?: object, options?: Partial<HttpSourceOptions>): Promise<SourceError> => {
		const error = await read(validator, options).then(
			() => undefined,
			(reason: unknown) => reason,
		);
		if (error instanceof SourceError) return error;
		throw new Error(`Expected a SourceError, got ${String(error)}.`);
	};

	it("asks for exactly what it was given, saying who it is", async () => {
		server.respondWith(behaviours.ok(BODY));
		await read(undefined, { url: `${server.url}/a%2Fb?sig=a%2Bb+c&d=%7e`, token: "t0ken" });
		const [request] = server.requests;
		expect(request).toMatchObject({ method: "GET", url: "/a%2Fb?sig=a%2Bb+c&d=%7e", body: "" });
		expect(request?.headers).toMatchObject({
			authorization: "Bearer t0ken",
			accept: "application/json, */*;q=0.1",
			"cache-control": "no-cache",
			"user-agent": "clef-agent",
		});
		expect(request?.headers).not.toHaveProperty("if-none-match");
		expect(request?.headers).not.toHaveProperty("if-modified-since");
	});

	it("sends userinfo as Basic, decoded, and never inside the URL", async () => {
		server.respondWith(behaviours.ok(BODY));
		const url = `${server.url.replace("//", "//m%40il:p%3Ass%20w@")}/a`;
		await read(undefined, { url });
		expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa("m@il:p:ss w")}`);
		expect(source({ url }).description).toBe(`${server.url}/a`);
	});

	it("sends no credential where none was given", async () => {
		server.respondWith(behaviours.ok(BODY));
		await read();
		expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
	});

	it("uses Last-Modified where there is no ETag", async () => {
		const lastModified = "Mon, 01 Jan 2024 00:00:00 GMT";
		server.respondWith(behaviours.ok(BODY, { etag: null, lastModified }));
		const result = await read();
		expect(result).toMatchObject({ kind: "modified", validator: { lastModified } });
		expect(await read({ lastModified })).toEqual({ kind: "unmodified" });
		expect(server.requests[1]?.headers["if-modified-since"]).toBe(lastModified);
	});

	it("answers no validator when the server gives none to ask with", async () => {
		server.respondWith(behaviours.ok(BODY, { etag: null }));
		expect(await read()).toEqual({ kind: "modified", bytes: Buffer.from(BODY) });
	});

	it("keeps the connection for the next request after a 304", async () => {
		server.respondWith(behaviours.ok(BODY, { etag: '"1"' }));
		for (let i = 0; i < 3; i++) expect(await read({ etag: '"1"' })).toEqual({ kind: "unmodified" });
		expect(server.requests).toHaveLength(3);
	});

	it("T21 refuses a 304 that nobody asked for", async () => {
		server.respondWith(behaviours.status(304));
		expect(await failure()).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		expect(await failure({ etag: "not\nsendable" })).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it.each([201, 202, 203, 204, 205, 226, 300, 305])(
		"T21 refuses status %i in place of 200",
		async (status) => {
			server.respondWith(behaviours.status(status));
			expect(await failure()).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
		},
	);

	it("T21 refuses a 206 that nobody asked for", async () => {
		server.respondWith(behaviours.partial(Buffer.from(BODY)));
		expect(await failure({ etag: '"1"' })).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it.each(["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml"])(
		"T21 refuses a login page of type %s with a hint",
		async (type) => {
			server.respondWith(behaviours.status(200, { "content-type": type }, BODY));
			const error = await failure();
			expect(error.code).toBe("SOURCE_BAD_RESPONSE");
			expect(error.message).toContain("login");
			expect(error.message).toContain("CLEF_AGENT_SOURCE_TOKEN");
		},
	);

	it("T21 takes new content under an old weak ETag as modified", async () => {
		server.respondWith(behaviours.ok("old", { etag: 'W/"v"' }));
		const first = await read();
		expect(first).toMatchObject({ kind: "modified", validator: { etag: 'W/"v"' } });
		server.respondWith(behaviours.status(200, { etag: 'W/"v"' }, "new"));
		expect(await read({ etag: 'W/"v"' })).toMatchObject({ kind: "modified", bytes: Buffer.from("new") });
	});

	it("T22 honours Retry-After of 429, 403 and 503, in seconds and as a date", async () => {
		server.respondWith(
			behaviours.status(429, { "retry-after": "30" }),
			behaviours.status(403, { "retry-after": "Tue, 01 Jan 2030 00:02:00 GMT" }),
			behaviours.status(503, { "retry-after": "5" }),
		);
		expect(await failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 30_000 });
		expect(await failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 120_000 });
		expect(await failure()).toMatchObject({ code: "SOURCE_UNREACHABLE", retryAfterMs: 5_000 });
	});

	it("T27 refuses a URL that is none, or a credential that cannot be sent, without quoting it", () => {
		const url = "https://host.example/";
		const attempts: HttpSourceOptions[] = [
			{ kind: "http", url: "https://us3r:s3cret@:bad/?s3cret" },
			{ kind: "http", url: "ftp://us3r:s3cret@host.example/" },
			{ kind: "http", url, token: "s3cret\r\nx-evil: 1" },
			{ kind: "http", url, token: "s3cret with space" },
			{ kind: "http", url, token: "" },
			{ kind: "http", url: "https://us3r:s3cret@host.example/", token: "s3cret" },
		];
		for (const options of attempts) {
			let error: unknown;
			try {
				createSource(options);
			} catch (thrown) {
				error = thrown;
			}
			expect(error).toBeInstanceOf(SourceError);
			expect(error).toMatchObject({ retryable: false });
			expect(printed(error)).not.toMatch(/s3cret|us3r/);
		}
	});

	it("T27 says nothing of a URL's secrets when the name does not resolve or the port is forbidden", async () => {
		const refusing: typeof fetch = async (input) => {
			throw new TypeError(`fetch failed for ${String(input)}`, {
				cause: Object.assign(new Error(`getaddrinfo ENOTFOUND ${String(input)}`), {
					code: "ENOTFOUND",
					input,
				}),
			});
		};
		const url = "https://us3r:s3cret@host.example/path?X-Sig=s3cret#s3cret";
		const error = await createSource({ kind: "http", url }, { fetch: refusing })
			.read(undefined, new AbortController().signal)
			.catch((reason: unknown) => reason);
		expect(printed(error)).toContain("https://host.example/path");
		expect(printed(error)).toContain("ENOTFOUND");
		expect(printed(error)).not.toMatch(/s3cret|us3r|X-Sig/);
		const blocked = await failure(undefined, { url: "http://127.0.0.1:6000/?s3cret" });
		expect(blocked.code).toBe("SOURCE_UNREACHABLE");
		expect(printed(blocked)).not.toContain("s3cret");
	});
});
