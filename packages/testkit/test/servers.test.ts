import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { behaviours, deadOrigin, startServer, stream, type TestServer } from "../src/servers.js";

const DATE = "Tue, 01 Jan 2030 12:00:00 GMT";
const LATER = "Tue, 01 Jan 2030 12:00:01 GMT";
const EARLIER = "Tue, 01 Jan 2030 11:59:59 GMT";

describe("startServer", () => {
	let server: TestServer;
	beforeEach(async () => {
		server = await startServer();
	});
	afterEach(() => server.close());

	it("answers 404 until told otherwise", async () => {
		expect((await fetch(server.url)).status).toBe(404);
	});

	it("goes through its behaviours and stays with the last", async () => {
		server.respondWith(behaviours.status(500), behaviours.status(429), behaviours.ok("x"));
		const statuses: number[] = [];
		for (let i = 0; i < 4; i++) statuses.push((await fetch(server.url)).status);
		expect(statuses).toEqual([500, 429, 200, 200]);
	});

	it("records what was asked", async () => {
		await fetch(`${server.url}/a?b=c`, { method: "POST", body: "body", headers: { "x-test": "1" } });
		expect(server.requests).toMatchObject([
			{ method: "POST", url: "/a?b=c", body: "body", headers: { "x-test": "1" } },
		]);
	});

	it("tells when a client hangs up", async () => {
		server.respondWith(behaviours.hangAfterHeaders());
		const hungUp = server.nextHangUp();
		const response = await fetch(server.url);
		await response.body?.cancel();
		await hungUp;
	});

	it.each([
		["the same tag", { "if-none-match": '"1"' }, 304],
		["the same tag in a list, weakly", { "if-none-match": '"0", W/"1"' }, 304],
		["any tag", { "if-none-match": "*" }, 304],
		["another tag", { "if-none-match": '"2"' }, 200],
		["another tag and the same date", { "if-none-match": '"2"', "if-modified-since": DATE }, 200],
		["the same date", { "if-modified-since": DATE }, 304],
		["a later date", { "if-modified-since": LATER }, 304],
		["an earlier date", { "if-modified-since": EARLIER }, 200],
		["no date at all", { "if-modified-since": "yesterday" }, 200],
		["nothing", {}, 200],
	])("answers a conditional request with %s as HTTP says", async (_, headers, status) => {
		server.respondWith(behaviours.ok("x", { etag: '"1"', lastModified: DATE }));
		const response = await fetch(server.url, { headers: headers as Record<string, string> });
		expect(response.status).toBe(status);
		expect(response.headers.get("etag")).toBe('"1"');
		expect(await response.text()).toBe(status === 304 ? "" : "x");
	});

	it("streams what a test sends", async () => {
		const { behaviour, send, end } = stream();
		server.respondWith(behaviour);
		const response = fetch(server.url);
		await send("a");
		await send("b");
		await end();
		expect(await (await response).text()).toBe("ab");
	});
});

describe("deadOrigin", () => {
	it("refuses connections", async () => {
		await expect(fetch(await deadOrigin())).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
	});
});
