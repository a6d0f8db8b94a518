import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Listener } from "../../src/node/listen.js";
import { FakeAgent, secretsOf } from "../fake-agent.js";
import { TOKEN } from "../requests.js";
import { gate } from "../waiting.js";
import { getText, lastGetText, serveAgent } from "./listening.js";
import { dial, drain, exchange, exchangeOne, type RawResponse } from "./raw-client.js";

let secrets: Awaited<ReturnType<typeof secretsOf>>;
let listener: Listener;

beforeAll(async () => {
	secrets = await secretsOf({ KEY: "value", "a/b": "slash", '"<>': "odd", __proto__x: "" });
});

beforeEach(async () => {
	listener = await serveAgent(new FakeAgent(secrets));
});

const auth = `Authorization: Bearer ${TOKEN}`;
const lines = (...all: string[]) => `${[...all, "Connection: close"].join("\r\n")}\r\n\r\n`;
const send = (bytes: string) => exchangeOne(listener.port, bytes);

/** Every refusal looks like this, whichever layer wrote it. */
function expectRefusal(response: RawResponse, status: number, code: string): void {
	expect(response.status).toBe(status);
	expect(response.headers).toMatchObject({
		"cache-control": "no-store",
		"x-content-type-options": "nosniff",
		"content-type": "application/json",
		connection: "close",
	});
	expect(response.headers).not.toHaveProperty("server");
	expect(response.headers).not.toHaveProperty("x-powered-by");
	expect(JSON.parse(response.body.toString())).toEqual({ error: expect.stringMatching(/^[A-Z].*\.$/), code });
}

describe("Host", () => {
	it.each(["127.0.0.1", "localhost", "LOCALHOST", "localhost:PORT", "127.0.0.1:PORT"])(
		"accepts %s",
		async (host) => {
			const named = host.replace("PORT", String(listener.port));
			expect((await send(lines("GET /v1/health HTTP/1.1", `Host: ${named}`))).status).toBe(200);
		},
	);

	it.each([
		["L28 none, HTTP/1.0", ["GET /v1/health HTTP/1.0"]],
		["L28 none, HTTP/1.1", ["GET /v1/health HTTP/1.1"]],
		["L28 empty", ["GET /v1/health HTTP/1.1", "Host:"]],
		["L28 twice the right one", ["GET /v1/health HTTP/1.1", "Host: localhost", "Host: localhost"]],
		["L28 the right one, then another", ["GET /v1/health HTTP/1.1", "Host: localhost", "HOST: evil"]],
		["L28 another, then the right one", ["GET /v1/health HTTP/1.1", "host: evil", "Host: localhost"]],
		["L28 a name that starts right", ["GET /v1/health HTTP/1.1", "Host: 127.0.0.1.evil"]],
		["L28 a short spelling", ["GET /v1/health HTTP/1.1", "Host: 127.1"]],
		["L28 a trailing dot", ["GET /v1/health HTTP/1.1", "Host: localhost."]],
		["L28 IPv6", ["GET /v1/health HTTP/1.1", "Host: [::1]"]],
		["L28 another port", ["GET /v1/health HTTP/1.1", "Host: localhost:1"]],
		["L28 a user", ["GET /v1/health HTTP/1.1", "Host: x@localhost"]],
		["L28 absolute-form", ["GET http://evil/v1/health HTTP/1.1", "Host: localhost"]],
		["L28 absolute-form, the right host", ["GET http://localhost/v1/health HTTP/1.1", "Host: localhost"]],
		["L28 absolute-form, https", ["GET https://localhost/v1/health HTTP/1.1", "Host: localhost"]],
		["L28 on an unknown path", ["GET /nowhere HTTP/1.1", "Host: evil"]],
		["L28 on a secret path, with the token", ["GET /v1/secrets HTTP/1.1", "Host: evil", auth]],
		["L28 before the method", ["POST /v1/secrets HTTP/1.1", "Host: evil", "Content-Length: 0"]],
		["L28 before the target", ["GET /v1/../v1 HTTP/1.1", "Host: evil"]],
	])("%s is 403", async (_, request) => {
		expectRefusal(await send(lines(...request)), 403, "HOST_REFUSED");
	});
});

describe("methods", () => {
	it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "Get", "BREW", "QUERY"])(
		"L33 %s is 405 on every path",
		async (method) => {
			for (const path of ["/v1/secrets", "/v1/health", "/nowhere"]) {
				const response = await send(lines(`${method} ${path} HTTP/1.1`, "Host: localhost", auth));
				expectRefusal(response, 405, "METHOD_NOT_ALLOWED");
				expect(response.headers.allow).toBe("GET, HEAD");
			}
		},
	);

	it.each(["HTTP/2.0", "HTTP/0.9"])("L33 %s is another protocol", async (version) => {
		const response = await send(lines(`GET /v1/secrets ${version}`, "Host: localhost", auth));
		expectRefusal(response, 400, "REQUEST_MALFORMED");
	});

	it("L33 HTTP/1.0 with the right Host is answered", async () => {
		expect((await send(lines("GET /v1/health HTTP/1.0", "Host: localhost"))).status).toBe(200);
	});

	it("L33 OPTIONS * is 405", async () => {
		const response = await send(lines("OPTIONS * HTTP/1.1", "Host: localhost"));
		expectRefusal(response, 405, "METHOD_NOT_ALLOWED");
	});

	it("L33 HEAD has the headers of GET, and not a byte of body", async () => {
		for (const path of ["/v1/secrets", "/v1/health", "/v1/secrets/NONE", "/nowhere"]) {
			const get = await send(lastGetText(path));
			const socket = await dial(listener.port);
			socket.write(lastGetText(path).replace("GET", "HEAD"));
			const head = (await drain(socket)).toString("latin1");
			expect(head).toContain(`HTTP/1.1 ${get.status} `);
			expect(head.toLowerCase()).toContain(`content-length: ${get.body.byteLength}\r\n`);
			expect(head).toMatch(/\r\n\r\n$/);
		}
	});

	it.each(["CONNECT evil:443", "CONNECT localhost:7779"])("%s is refused and closed", async (line) => {
		expectRefusal(await send(lines(`${line} HTTP/1.1`, "Host: localhost")), 405, "METHOD_NOT_ALLOWED");
		expectRefusal(await send(lines(`${line} HTTP/1.1`, "Host: evil:443")), 403, "HOST_REFUSED");
	});

	it("L32 CONNECT is never answered in place of a request before it", async () => {
		const { opened, open } = gate();
		const agent = new FakeAgent(secrets);
		agent.gate = opened;
		const { port } = await serveAgent(agent);
		expect(await exchange(port, getText("/v1/secrets") + lines("CONNECT evil:443 HTTP/1.1"))).toEqual([]);
		open();
	});
});

describe("browsers and proxies", () => {
	it.each([
		["L29", "Origin: https://evil.example", "BROWSER_REFUSED"],
		["L29", "Sec-Fetch-Site: cross-site", "BROWSER_REFUSED"],
		["L30", "X-Forwarded-For: 10.0.0.1", "PROXY_REFUSED"],
		["L30", "Forwarded: for=10.0.0.1", "PROXY_REFUSED"],
		["L30", "x-real-ip: 10.0.0.1", "PROXY_REFUSED"],
		["L30", "Via: 1.1 proxy", "PROXY_REFUSED"],
		["L30", "VIA:", "PROXY_REFUSED"],
	])("%s %s is 400", async (_, header, code) => {
		expectRefusal(await send(lastGetText("/v1/secrets", header)), 400, code);
		expectRefusal(await send(lastGetText("/v1/keys", header)), 400, code);
		expect((await send(lastGetText("/v1/health", header))).status).toBe(200);
	});

	it.each([
		["L29", "Origin: https://evil.example", 400],
		["L30", "X-Forwarded-For: 10.0.0.1", 400],
		["L31", `Authorization: Bearer ${TOKEN}`, 401],
		["L28", "Host: localhost", 403],
	])("%s %s is seen behind 3,000 other headers", async (_, header, status) => {
		const others = Array.from({ length: 3_000 }, () => "a:");
		expect((await send(lastGetText("/v1/secrets", ...others, "b: c"))).status).toBe(200);
		expect((await send(lastGetText("/v1/secrets", ...others, header))).status).toBe(status);
	});
});

describe("token", () => {
	const secretsWith = (...headers: string[]) =>
		send(lines("GET /v1/secrets HTTP/1.1", "Host: localhost", ...headers));

	it("L31 every prefix of the right one is 401", async () => {
		for (let length = 0; length < TOKEN.length; length += 1) {
			const prefix = `Authorization: Bearer ${TOKEN.slice(0, length)}`;
			expectRefusal(await secretsWith(prefix), 401, "UNAUTHORIZED");
		}
		expect((await secretsWith(auth)).status).toBe(200);
	});

	it.each([
		["missing", []],
		["duplicated", [auth, auth]],
		["right, then wrong", [auth, "Authorization: Bearer x"]],
		["wrong, then right", ["Authorization: Bearer x", auth]],
		["lower-case scheme", [`Authorization: bearer ${TOKEN}`]],
		["in a cookie", [`Cookie: token=${TOKEN}`]],
		["in another header", [`Proxy-Authorization: Bearer ${TOKEN}`]],
		["with high bytes", [`${auth}\xff`]],
	])("L31 %s is 401", async (_, headers) => {
		const response = await secretsWith(...headers);
		expectRefusal(response, 401, "UNAUTHORIZED");
		expect(response.headers["www-authenticate"]).toBe("Bearer");
	});

	it("L31 in the query is 401", async () => {
		const response = await send(lines(`GET /v1/secrets?token=${TOKEN} HTTP/1.1`, "Host: localhost"));
		expectRefusal(response, 401, "UNAUTHORIZED");
	});

	it("L31 with a NUL byte is refused by the parser", async () => {
		expectRefusal(await secretsWith(`${auth}\0`), 400, "REQUEST_MALFORMED");
	});

	it("L31 of 10 MB is cut off", async () => {
		const header = `Authorization: Bearer ${"a".repeat(10_000_000)}`;
		// A client that is still sending may find the connection reset before it reads the answer.
		const responses = await exchange(
			listener.port,
			lines("GET /v1/secrets HTTP/1.1", "Host: localhost", header),
		);
		expect([[], [431]]).toContainEqual(responses.map(({ status }) => status));
		expect((await send(lastGetText("/v1/secrets"))).status).toBe(200);
	});
});

describe("targets", () => {
	it.each([
		["/v1/secrets/%2e%2e/health", 400],
		["/v1/secrets/%2E%2E/health", 400],
		["/v1/secrets/.%2e/health", 400],
		["/v1/secrets/../health", 400],
		["/v1/./health", 400],
		["/v1/secrets/..", 400],
		["/..", 400],
		["/v1\\health", 400],
		["/v1/secrets/..\\health", 400],
		["/v1/secrets/KEY%00", 400],
		["/%00", 400],
		["/v1/health#fragment", 400],
		["/v1/health\x7f", 400],
		["/v1/secrets/caf\xe9", 400],
		["/v1/secrets/%zz", 400],
		["*", 400],
		["/v1/secrets/%252e%252e/health", 404],
		["/v1/secrets/%252e%252e%252fhealth", 404],
		["/v1/secrets/..%2fhealth", 404],
		["/v1/secrets/KEY%2500", 404],
		["//v1//secrets", 404],
		["//evil/v1/health", 404],
		["/V1/secrets", 404],
		["/v1/SECRETS/KEY", 404],
		["/v1/secrets/key", 404],
		["/v1/%73ecrets", 404],
		["/v1/health/", 404],
		["/v1;x/health", 404],
	])("L33 %j is %i", async (target, status) => {
		const code = status === 404 ? "NOT_FOUND" : "REQUEST_MALFORMED";
		expectRefusal(await send(lastGetText(target)), status, code);
	});

	it.each([
		["/v1/secrets/a%2Fb", "slash"],
		["/v1/secrets/a%2fb?x=/../y", "slash"],
		['/v1/secrets/"<>', "odd"],
		["/v1/secrets/%22%3c%3E", "odd"],
	])("%s is read as it was sent", async (target, value) => {
		const response = await send(lastGetText(target));
		expect(JSON.parse(response.body.toString())).toEqual({ value });
	});
});

describe("what is not plain HTTP/1.1", () => {
	it.each([
		[
			"L32 both lengths",
			lines("GET /v1/health HTTP/1.1", "Host: localhost", "Content-Length: 4", "Transfer-Encoding: chunked"),
		],
		[
			"L32 two lengths",
			lines("GET /v1/health HTTP/1.1", "Host: localhost", "Content-Length: 4", "Content-Length: 5"),
		],
		[
			"L32 a length that is no number",
			lines("GET /v1/health HTTP/1.1", "Host: localhost", "Content-Length: x"),
		],
		["a folded header", lines("GET /v1/health HTTP/1.1", "Host: localhost", " evil")],
		["a space before the colon", lines("GET /v1/health HTTP/1.1", "Host : localhost")],
		["a raw line feed in the target", lines("GET /v1/\nhealth HTTP/1.1", "Host: localhost")],
		["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
		["HTTP/3.7", lines("GET /v1/health HTTP/3.7", "Host: localhost")],
	])("%s is refused in JSON and closed", async (_, bytes) => {
		const response = await send(bytes);
		expect([400, 405]).toContain(response.status);
		expectRefusal(
			response,
			response.status,
			response.status === 400 ? "REQUEST_MALFORMED" : "METHOD_NOT_ALLOWED",
		);
	});

	it("L32 headers over 16 KB are 431", async () => {
		const many = Array.from({ length: 400 }, (_, i) => `X-${i}: ${"a".repeat(40)}`);
		expectRefusal(
			await send(lines("GET /v1/health HTTP/1.1", "Host: localhost", ...many)),
			431,
			"REQUEST_TOO_LARGE",
		);
	});

	it("L32 a target over 16 KB is 431", async () => {
		expectRefusal(await send(lastGetText(`/${"a".repeat(20_000)}`)), 431, "REQUEST_TOO_LARGE");
	});

	it.each(["100-continue", "100-Continue", "something-else"])(
		"Expect: %s is 400 and closes",
		async (value) => {
			const bytes = `GET /v1/health HTTP/1.1\r\nHost: localhost\r\nExpect: ${value}\r\n\r\n`;
			expectRefusal(await send(bytes), 400, "REQUEST_MALFORMED");
			expectRefusal(await send(bytes.replace("localhost", "evil")), 403, "HOST_REFUSED");
		},
	);

	it("an offer to upgrade is ignored, as Java's client makes one with every first request", async () => {
		const response = await send(
			lastGetText("/v1/health", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__").replace(
				"Connection: close",
				"Connection: Upgrade, HTTP2-Settings, close",
			),
		);
		expect(response.status).toBe(200);
		expect(response.headers).not.toHaveProperty("upgrade");
	});
});
