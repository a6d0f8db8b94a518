import { text } from "node:stream/consumers";
import { behaviours, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_HTTP_TIMEOUTS } from "../src/bounded-fetch.js";
import { S3RequestHandler, type SdkRequest } from "../src/s3-request-handler.js";

const LIMITS = { description: "s3://b/k", timeouts: DEFAULT_HTTP_TIMEOUTS };
const TIMERS = { setTimeout: () => () => undefined };

describe("S3RequestHandler", () => {
	let server: TestServer;
	beforeEach(async () => {
		server = await startServer(behaviours.ok("{}", { etag: '"1"' }));
	});
	afterEach(() => server.close());

	const handler = (maxBytes = 100) =>
		new S3RequestHandler({ ...LIMITS, maxBytes }, { fetch, timers: TIMERS, now: Date.now });
	const request = (change: Partial<SdkRequest> = {}): SdkRequest => {
		const { hostname, port } = new URL(server.url);
		return {
			...{ protocol: "http:", hostname, port: Number(port) },
			...{ method: "GET", path: "/b/a%20b%2B", headers: { host: "elsewhere.example", "x-amz-a": "1" } },
			...change,
		};
	};

	it("carries method, path, query and headers as they are, but never the connection's own headers", async () => {
		const query = { versionId: "a+b/=", flag: null, list: ["1", "2"] };
		const headers = { Host: "elsewhere.example", "content-length": "9", "x-amz-a": "1", "user-agent": "sdk" };
		const { response } = await handler().handle(request({ query, headers }));
		expect(response.statusCode).toBe(200);
		expect(await text(response.body)).toBe("{}");
		const [sent] = server.requests;
		expect(sent?.url).toBe("/b/a%20b%2B?versionId=a%2Bb%2F%3D&flag=&list=1&list=2");
		expect(sent?.headers).toMatchObject({ host: server.url.slice(7), "x-amz-a": "1", "user-agent": "sdk" });
		expect(sent?.headers).not.toHaveProperty("content-length");
	});

	it("carries a body, and leaves an error's status and body to the SDK", async () => {
		server.respondWith(behaviours.status(403, { "x-amz-b": "2" }, "<Error/>"));
		const { response } = await handler().handle(request({ method: "POST", body: "a=1" }));
		expect(server.requests[0]).toMatchObject({ method: "POST", body: "a=1" });
		expect(response).toMatchObject({ statusCode: 403, headers: { "x-amz-b": "2" } });
		expect(await text(response.body)).toBe("<Error/>");
		await handler().handle(request({ method: "PUT", body: Buffer.from([65]) }));
		expect(server.requests[1]?.body).toBe("A");
	});

	it.each([
		["a refusal", 403, "GetObject"],
		["an answer with credentials", 200, "AssumeRole"],
	])("T17 does not let the SDK take a long body of %s apart", async (_, status, id) => {
		const bodyOf = async (length: number) => {
			server.respondWith(behaviours.status(status, {}, "<a/>".repeat(length / 4)));
			const { response } = await handler(1_000_000).handle(request({ query: { "x-id": id } }));
			expect(response.statusCode).toBe(status);
			return (await text(response.body)).length;
		};
		expect(await bodyOf(65_536)).toBe(65_536);
		expect(await bodyOf(65_540)).toBe(0);
	});

	it("hands an object on whatever its length", async () => {
		server.respondWith(behaviours.ok(Buffer.alloc(100_000)));
		const { response } = await handler(1_000_000).handle(request({ query: { "x-id": "GetObject" } }));
		expect(await text(response.body)).toHaveLength(100_000);
	});

	it("hands a 304 on only where it was asked for", async () => {
		const conditional = request({ headers: { "if-none-match": '"1"' } });
		const { response } = await handler().handle(conditional);
		expect(response.statusCode).toBe(304);
		server.respondWith(behaviours.status(304));
		await expect(handler().handle(request())).rejects.toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it("names the object only where the object was asked for", async () => {
		server.respondWith(behaviours.html());
		const failing = (query?: SdkRequest["query"]) => handler().handle(request(query ? { query } : {}));
		await expect(failing({ "x-id": "GetObject" })).rejects.toThrow(/^s3:\/\/b\/k answered/);
		await expect(failing()).rejects.toThrow(/^127\.0\.0\.1 answered/);
	});

	it("ends when the SDK's signal says so", async () => {
		const abortSignal = AbortSignal.abort("enough");
		await expect(handler().handle(request(), { abortSignal })).rejects.toBe("enough");
	});

	it("has nothing for the SDK to configure", () => {
		handler().updateHttpClientConfig();
		expect(handler().httpHandlerConfigs()).toEqual({});
		expect(handler().metadata.handlerProtocol).toBe("http/1.1");
	});
});
