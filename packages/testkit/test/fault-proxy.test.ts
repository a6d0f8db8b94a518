import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultProxy, startFaultProxy } from "../src/fault-proxy.js";
import { behaviours, startServer, type TestServer } from "../src/servers.js";

let server: TestServer;
let proxy: FaultProxy;

beforeEach(async () => {
	server = await startServer(behaviours.ok("0123456789", { etag: '"1"' }));
	proxy = await startFaultProxy(server.url);
});

afterEach(async () => {
	await proxy.close();
	await server.close();
});

const read = async () => (await fetch(`${proxy.url}/a?b=c`)).text();
const codeOf = (error: Error) => (error.cause as { code?: string } | undefined)?.code;

describe("a fault proxy", () => {
	it("passes requests and answers on as they are, and knows what they took", async () => {
		const response = await fetch(`${proxy.url}/a?b=c`, {
			method: "POST",
			body: "x",
			headers: { "x-own": "1" },
		});
		expect(await response.text()).toBe("0123456789");
		expect(response.headers.get("etag")).toBe('"1"');
		expect(server.requests).toMatchObject([
			{ method: "POST", url: "/a?b=c", body: "x", headers: { "x-own": "1", host: new URL(proxy.url).host } },
		]);
		expect(proxy.exchanges).toMatchObject([{ method: "POST", url: "/a?b=c", status: 200 }]);
		const [exchange] = proxy.exchanges;
		expect(exchange?.responseBytes).toBeGreaterThan(30);
		await (await fetch(proxy.url, { headers: { "if-none-match": '"1"' } })).text();
		expect(proxy.exchanges[1]?.responseBytes).toBeLessThan(exchange?.responseBytes ?? 0);
	});

	it("refuses connections, and takes them again at the same address", async () => {
		const { url } = proxy;
		await proxy.become({ kind: "refuse" });
		await expect(read().catch(codeOf)).resolves.toBe("ECONNREFUSED");
		await proxy.become({ kind: "pass" });
		expect(proxy.url).toBe(url);
		expect(await read()).toBe("0123456789");
	});

	it.each([
		["before the first byte", { kind: "reset", afterBytes: 0 }],
		["inside the head", { kind: "reset", afterBytes: 20 }],
	] as const)("resets %s", async (_, mode) => {
		await proxy.become(mode);
		await expect(read()).rejects.toThrow();
	});

	it("cuts a body", async () => {
		await proxy.become({ kind: "cut", afterBytes: 4 });
		const response = await fetch(proxy.url);
		expect(response.headers.get("content-length")).toBe("10");
		await expect(response.text()).rejects.toThrow();
	});

	it("lets some requests pass first", async () => {
		await proxy.become({ kind: "status", status: 500 }, 1);
		const statuses = [await fetch(proxy.url), await fetch(proxy.url)].map(({ status }) => status);
		expect(statuses).toEqual([200, 500]);
	});

	it("answers by itself", async () => {
		await proxy.become({ kind: "status", status: 429, headers: { "retry-after": "7" } });
		const response = await fetch(proxy.url);
		expect(response.status).toBe(429);
		expect(response.headers.get("retry-after")).toBe("7");
		expect(server.requests).toEqual([]);
	});

	it("holds an answer back until it is released", async () => {
		await proxy.become({ kind: "hang" });
		const held = proxy.nextHeld();
		const reading = read();
		await held;
		proxy.release();
		expect(await reading).toBe("0123456789");
	});

	it("lets one byte through until the rest is released", async () => {
		await proxy.become({ kind: "dribble" });
		const held = proxy.nextHeld();
		const reader = (await fetch(proxy.url)).body?.getReader();
		expect(Buffer.from((await reader?.read())?.value ?? "").toString()).toBe("0");
		await held;
		proxy.release();
		expect(Buffer.from((await reader?.read())?.value ?? "").toString()).toBe("123456789");
	});
});
