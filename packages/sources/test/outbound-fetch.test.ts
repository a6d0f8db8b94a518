import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { type ProxyServer, startProxy } from "@clef-sh/testkit/proxy-server";
import { behaviours, deadOrigin, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSource } from "../src/create-source.js";
import { createOutboundFetch } from "../src/outbound-fetch.js";

const loads = vi.hoisted(() => ({ count: 0 }));

vi.mock("undici", (importOriginal) => {
	loads.count += 1;
	return importOriginal();
});

const live = new AbortController().signal;
let server: TestServer;
let proxy: ProxyServer;

beforeEach(async () => {
	server = await startServer(behaviours.ok("through"));
	proxy = await startProxy({ "artifacts.test": Number(new URL(server.url).port) });
});

afterEach(async () => {
	await proxy.close();
	await server.close();
});

/** Reads a URL as a source in this environment does. */
async function read(url: string, env: Record<string, string>) {
	const source = createSource({ kind: "http", url }, { fetch: createOutboundFetch(env) });
	const result = await source.read(undefined, live);
	return result.kind === "modified" ? Buffer.from(result.bytes).toString() : result.kind;
}

describe("createOutboundFetch", () => {
	it("is Node's own fetch, and loads nothing, where no proxy is named", async () => {
		expect(createOutboundFetch({ NO_PROXY: "*", HTTPS_PROXY: "", https_proxy: " " })).toBe(globalThis.fetch);
		expect(await read(server.url, {})).toBe("through");
		expect(loads.count).toBe(0);
	});

	it("loads nothing for a target that no proxy is for", async () => {
		expect(await read(server.url, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url })).toBe("through");
		expect(proxy.requests).toEqual([]);
		expect(loads.count).toBe(0);
	});

	it("loads undici with the first request through a proxy, and leaves Node's own fetch as it was", async () => {
		const fetch = createOutboundFetch({ HTTP_PROXY: proxy.url });
		expect(loads.count).toBe(0);
		expect(await (await fetch(new URL("http://artifacts.test/"))).text()).toBe("through");
		expect(loads.count).toBe(1);
		const dispatcher = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1")) as object;
		const { Agent } = await import("undici");
		expect(dispatcher).not.toBeInstanceOf(Agent);
	});

	it("asks for an http target in absolute form, with all of its path", async () => {
		expect(await read("http://artifacts.test/a%2Fb?sig=x%2B", { HTTP_PROXY: proxy.url })).toBe("through");
		expect(proxy.requests).toEqual([
			{ method: "GET", target: "http://artifacts.test/a%2Fb?sig=x%2B", authorization: undefined },
		]);
		expect(server.requests[0]).toMatchObject({ url: "/a%2Fb?sig=x%2B", headers: { host: "artifacts.test" } });
	});

	it("sends the proxy its password, and the target none of it", async () => {
		const HTTP_PROXY = proxy.url.replace("//", "//ann:p%40ss@");
		expect(await read("http://artifacts.test/", { HTTP_PROXY })).toBe("through");
		const authorization = `Basic ${Buffer.from("ann:p@ss").toString("base64")}`;
		expect(proxy.requests).toMatchObject([{ authorization }]);
	});

	it("asks conditionally through a proxy as well", async () => {
		const fetch = createOutboundFetch({ HTTP_PROXY: proxy.url });
		const source = createSource({ kind: "http", url: "http://artifacts.test/" }, { fetch });
		const first = await source.read(undefined, live);
		const validator = first.kind === "modified" ? first.validator : undefined;
		expect(await source.read(validator, live)).toEqual({ kind: "unmodified" });
	});

	it("tunnels to an https target", async () => {
		// What answers is no TLS: that the tunnel leads there is all that is shown here.
		const reading = read("https://artifacts.test/", { HTTPS_PROXY: proxy.url });
		await expect(reading).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
		expect(proxy.requests).toMatchObject([{ method: "CONNECT", target: "artifacts.test:443" }]);
	});

	it("goes straight where NO_PROXY says so, with the request as it is", async () => {
		const direct = vi.fn(async () => new Response("straight"));
		const fetch = createOutboundFetch({ HTTPS_PROXY: proxy.url, NO_PROXY: ".test" }, direct);
		const init = { headers: { accept: "x" } };
		expect(await (await fetch("https://artifacts.test/a", init)).text()).toBe("straight");
		expect(direct).toHaveBeenCalledWith(new URL("https://artifacts.test/a"), init);
		expect(proxy.requests).toEqual([]);
	});
});

describe("a proxy that fails", () => {
	const SECRET = "hunter2";
	const TARGETS = [
		["http", "HTTP_PROXY"],
		["https", "HTTPS_PROXY"],
	] as const;

	async function failure(protocol: string, variable: string, url = proxy.url) {
		const env = { [variable]: url.replace("//", `//ann:${SECRET}@`) };
		const error = await read(`${protocol}://artifacts.test/a?sig=${SECRET}`, env).catch((thrown) => thrown);
		expect(printed(error)).not.toContain(SECRET);
		expect(printed(error)).not.toContain(Buffer.from(`ann:${SECRET}`).toString("base64"));
		return error;
	}

	it.each(TARGETS)(
		"T27 with 407 for %s: the variable that holds the password",
		async (protocol, variable) => {
			proxy.become({ kind: "refuse", status: 407 });
			expect(await failure(protocol, variable)).toMatchObject({
				code: "SOURCE_UNAUTHORIZED",
				retryable: false,
				message: `The proxy in ${variable} answered 407 instead of connecting to ${protocol}://artifacts.test/a; check the user name and password in ${variable}.`,
			});
		},
	);

	it.each(TARGETS)("by not being there, for %s", async (protocol, variable) => {
		expect(await failure(protocol, variable, await deadOrigin())).toMatchObject({
			code: "SOURCE_UNREACHABLE",
			retryable: true,
			message: `Could not read ${protocol}://artifacts.test/a: no connection through the proxy in ${variable} (ECONNREFUSED); check its address and that it is up.`,
		});
	});

	it.each([
		[403, "SOURCE_UNAUTHORIZED", /; let it pass that host, or name the host in NO_PROXY\.$/],
		[502, "SOURCE_UNREACHABLE", /; check that it can reach that host\.$/],
	])("with %d to a tunnel", async (status, code, message) => {
		proxy.become({ kind: "refuse", status });
		const error = await failure("https", "HTTPS_PROXY");
		expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
	});

	it("T19 by hanging up on a tunnel: one try, no storm of them", async () => {
		proxy.become({ kind: "hang up" });
		expect(await failure("https", "HTTPS_PROXY")).toMatchObject({
			code: "SOURCE_UNREACHABLE",
			message: expect.stringContaining("no connection through the proxy in HTTPS_PROXY (UND_ERR_SOCKET)"),
		});
		expect(proxy.requests).toHaveLength(1);
	});

	it("T19 by saying nothing: the limits hold, and it holds up nobody afterwards", async () => {
		const timers = new HandFiredTimers();
		const fetch = createOutboundFetch({ HTTPS_PROXY: proxy.url });
		const options = { kind: "http", url: "https://artifacts.test/", timeouts: { headersMs: 11 } } as const;
		const source = createSource(options, { fetch, timers });
		proxy.become({ kind: "silence" });
		const reading = source.read(undefined, live);
		reading.catch(() => undefined);
		await vi.waitUntil(() => proxy.requests.length === 1);
		timers.fire(11);
		await expect(reading).rejects.toMatchObject({ code: "SOURCE_TIMEOUT" });
		proxy.become({ kind: "pass" });
		// What answers is no TLS: reaching it is all that is asked for.
		await expect(source.read(undefined, live)).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
		expect(proxy.requests).toHaveLength(2);
	});

	it("by hanging up on a request in absolute form", async () => {
		proxy.become({ kind: "hang up" });
		expect(await failure("http", "HTTP_PROXY")).toMatchObject({ code: "SOURCE_UNREACHABLE" });
		expect(proxy.requests).toHaveLength(1);
	});

	it.each(TARGETS)("and then works again, for %s", async (protocol, variable) => {
		const fetch = createOutboundFetch({ [variable]: proxy.url });
		const source = createSource({ kind: "http", url: `${protocol}://artifacts.test/` }, { fetch });
		proxy.become({ kind: "refuse", status: 407 });
		await expect(source.read(undefined, live)).rejects.toThrow(/answered 407/);
		proxy.become({ kind: "pass" });
		const outcome = await source.read(undefined, live).catch((error) => error.message);
		if (protocol === "http") expect(outcome).toMatchObject({ kind: "modified" });
		else expect(outcome).not.toContain("proxy");
	});

	it.each(["not a url", "ftp://proxy.test", "socks5://proxy.test"])(
		"by being no proxy at all: %s",
		async (HTTPS_PROXY) => {
			const error = await read("https://artifacts.test/a", { HTTPS_PROXY }).catch((thrown) => thrown);
			expect(error).toMatchObject({
				code: "SOURCE_UNREACHABLE",
				retryable: false,
				message:
					"HTTPS_PROXY is not an http:// or https:// URL, so https://artifacts.test/a was not read; set it again.",
			});
		},
	);
});
