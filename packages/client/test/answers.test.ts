import { TOKEN } from "@clef-sh/testkit/fake-agent";
import { describe, expect, it } from "vitest";
import { createClient } from "../src/index.js";
import { clientOf, failureOf, pass, startAgent } from "./stage.js";

describe("answers that are none", () => {
	it.each<[string, number, string, string]>([
		["a page", 200, "<html>sec-ret</html>", "BAD_RESPONSE"],
		["JSON of another kind", 200, '{"value":["sec-ret"]}', "BAD_RESPONSE"],
		["nothing", 200, "", "BAD_RESPONSE"],
		["unchanged, without being asked", 304, "", "BAD_RESPONSE"],
		["an error without a code", 500, "sec-ret", "BAD_RESPONSE"],
		["a 503 of something else", 503, "<html>", "BAD_RESPONSE"],
		["a 404 of something else", 404, "[]", "BAD_RESPONSE"],
		["a refused host", 403, '{"code":"HOST_REFUSED"}', "AGENT_REFUSED"],
		["a proxy in between", 400, '{"code":"PROXY_REFUSED"}', "AGENT_REFUSED"],
		["an unknown reason", 503, '{"code":"CACHE_NEW","reason":"toString"}', "AGENT_NOT_READY"],
	])("%s", async (_, status, body, code) => {
		const agent = await startAgent();
		agent.intercept = (_, response) => Boolean(response.writeHead(status).end(body));
		const error = await failureOf(clientOf(agent).client.get("A", { timeoutMs: 10 }));
		expect(error.code).toBe(code);
		expect(error.message).not.toContain("sec-ret");
		expect(error.reason).toBeUndefined();
	});

	it.each([301, 302, 303, 307, 308])(
		"a redirect with %i is not followed: the token stays",
		async (status) => {
			const [agent, other] = [await startAgent(), await startAgent()];
			agent.intercept = (_, response) => Boolean(response.writeHead(status, { location: other.url }).end());
			expect(await failureOf(clientOf(agent).client.keys())).toMatchObject({ code: "BAD_RESPONSE" });
			expect(other.requests).toEqual([]);
		},
	);

	it("what begins with a byte order mark is no JSON, as the format has it", async () => {
		const agent = await startAgent();
		agent.intercept = (_, response) => Boolean(response.end('\uFEFF{"value":"1"}'));
		expect(await failureOf(clientOf(agent).client.get("A"))).toMatchObject({ code: "BAD_RESPONSE" });
	});

	it("what is no UTF-8 is not repaired", async () => {
		const agent = await startAgent();
		const body = Buffer.from('{"value":"\xff"}', "latin1");
		agent.intercept = (_, response) => Boolean(response.writeHead(200).end(body));
		expect(await failureOf(clientOf(agent).client.get("A"))).toMatchObject({ code: "BAD_RESPONSE" });
	});

	it("a body without an end is cut off, a refusal's earlier", async () => {
		const agent = await startAgent();
		const written = { bytes: 0 };
		const flood = (status: number) => {
			agent.intercept = (_, response) => {
				response.writeHead(status);
				const more = (): void => {
					while (response.write("x".repeat(16_384))) written.bytes += 16_384;
				};
				response.on("drain", more);
				more();
				return true;
			};
		};
		flood(200);
		const { client } = clientOf(agent, { maxBytes: 100_000 });
		expect((await failureOf(client.all())).message).toContain("larger than 100000 bytes");
		flood(503);
		expect((await failureOf(client.all())).message).toContain("larger than 65536 bytes");
		expect((await failureOf(clientOf(agent, { maxBytes: Number.NaN }).client.all())).code).toBe(
			"BAD_RESPONSE",
		);
		expect(written.bytes).toBeLessThan(32_000_000);
	});

	it("a body that breaks off is asked for again", async () => {
		const agent = await startAgent();
		agent.publish("r1", { database: { DB_URL: "postgres://x" } });
		const { client, clock } = clientOf(agent);
		agent.intercept = (_, response) => {
			if (agent.requests.length > 1) return false;
			response.writeHead(200, { "content-length": 100 }).write('{"value":');
			setImmediate(() => response.destroy());
			return true;
		};
		const value = client.get("DB_URL");
		await pass(clock, 100);
		expect(await value).toBe("postgres://x");
	});

	it("a refresh too soon says how long to wait", async () => {
		const agent = await startAgent();
		agent.intercept = (_, response) =>
			Boolean(response.writeHead(429, { "retry-after": "7" }).end('{"code":"RATE_LIMITED"}'));
		expect(await failureOf(clientOf(agent).client.refresh())).toMatchObject({
			code: "RATE_LIMITED",
			retryable: true,
			retryAfterMs: 7000,
		});
	});

	it("a refresh on an older agent is refused, not a missing secret", async () => {
		const agent = await startAgent();
		agent.intercept = (_, response) => Boolean(response.writeHead(404).end('{"code":"NOT_FOUND"}'));
		expect(await failureOf(clientOf(agent).client.refresh())).toMatchObject({
			code: "AGENT_REFUSED",
			agentCode: "NOT_FOUND",
		});
	});

	it.each([
		[null, false],
		[{ outcome: "other", revision: null }, false],
		[{ outcome: "kept", revision: 1 }, false],
		[{ outcome: "kept", revision: null, error: "SOURCE_TIMEOUT" }, false],
		[{ outcome: "kept", revision: null, error: { code: 7 } }, false],
		[{ outcome: "kept", revision: null, error: { code: "SOURCE_TIMEOUT" } }, true],
	])("refresh outcome %j", async (body, isOne) => {
		const agent = await startAgent();
		agent.intercept = (_, response) => Boolean(response.writeHead(200).end(JSON.stringify(body)));
		const { client } = clientOf(agent);
		if (isOne) expect(await client.refresh()).toEqual(body);
		else expect(await failureOf(client.refresh())).toMatchObject({ code: "BAD_RESPONSE" });
	});
});

describe("what a fetch throws", () => {
	it.each<[string, unknown, string]>([
		[
			"several addresses at once",
			new TypeError("fetch failed", { cause: new AggregateError([withCode("ECONNRESET")]) }),
			"(ECONNRESET)",
		],
		["no code", new TypeError("Bearer sec-ret"), "reached;"],
		["no error", "sec-ret", "reached;"],
		["a code that is none", withCode("sec-ret!"), "reached;"],
		["a circle", circle(), "reached;"],
	])("%s", async (_, thrown, said) => {
		const client = createClient({ env: {}, token: TOKEN, fetch: () => Promise.reject(thrown), timeoutMs: 1 });
		const error = await failureOf(client.get("A"));
		expect(error.code).toBe("AGENT_UNREACHABLE");
		expect(error.message).toContain(said);
		expect(error.message).not.toContain("sec-ret");
	});

	function withCode(code: string): Error {
		return Object.assign(new TypeError("x"), { code });
	}

	function circle(): Error {
		const error = new TypeError("x");
		error.cause = error;
		return error;
	}
});
