import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BIG, FakeAgent, secretsOf } from "../fake-agent.js";
import { gate, until } from "../waiting.js";
import { getText, lastGetText, serveAgent } from "./listening.js";
import { closed, dial, drain, exchange, exchangeOne, parseResponses } from "./raw-client.js";

let secrets: Awaited<ReturnType<typeof secretsOf>>;
let bigSecrets: typeof secrets;
let agent: FakeAgent;

beforeAll(async () => {
	secrets = await secretsOf({ KEY: "value" });
	bigSecrets = await secretsOf({ BIG });
});

beforeEach(() => {
	agent = new FakeAgent(secrets);
});

describe("bounds", () => {
	it("L32 a slow request is answered 408 and closed, whether it sends nothing, a line or half a header", async () => {
		const limits = { headersTimeoutMs: 40, requestTimeoutMs: 40, sweepIntervalMs: 10 };
		const { port } = await serveAgent(agent, limits);
		for (const start of ["", "GET /v1/health HTTP/1.1\r\n", "GET /v1/health HTTP/1.1\r\nHost: loc"]) {
			const response = await exchangeOne(port, start);
			expect(response.status).toBe(408);
			expect(response.headers["cache-control"]).toBe("no-store");
			expect(JSON.parse(response.body.toString())).toMatchObject({ code: "REQUEST_TIMEOUT" });
		}
	});

	it("L32 an idle connection is closed after its keep-alive time", async () => {
		const { port } = await serveAgent(agent, { keepAliveTimeoutMs: 20 });
		const responses = await exchange(port, getText("/v1/health"));
		expect(responses.map(({ status }) => status)).toEqual([200]);
	});

	it("L32 health answers beside 2,000 idle and slow connections", { timeout: 30_000 }, async () => {
		const { port } = await serveAgent(agent);
		const sockets = [];
		for (let i = 0; i < 2_000; i += 1) {
			const socket = await dial(port);
			if (i % 2 === 0) socket.write("GET /v1/health HTTP/1.1\r\nHost: ");
			sockets.push(socket);
		}
		for (let i = 0; i < 10; i += 1) {
			expect((await exchangeOne(port, lastGetText("/v1/health"))).status).toBe(200);
		}
		const gone = sockets.slice(0, 1_400).map(closed);
		await Promise.all(gone);
		for (const socket of sockets) socket.destroy();
	});

	it("L32 pipelined requests are answered in full and in order, up to a hundred", async () => {
		const { port } = await serveAgent(agent);
		const requests = getText("/v1/health").repeat(99) + lastGetText("/v1/secrets/KEY");
		const responses = await exchange(port, requests);
		expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
		expect(responses.at(-1)?.body.toString()).toBe('{"value":"value"}');
	});

	it("L32 a pipelined flood is cut off, so that others are served meanwhile", async () => {
		const { port } = await serveAgent(agent, { maxPipelined: 10 });
		const flood = await dial(port);
		flood.write(getText("/v1/health").repeat(3_000));
		const received = drain(flood);
		expect((await exchangeOne(port, lastGetText("/v1/health"))).status).toBe(200);
		const responses = parseResponses(await received);
		// A client that goes on sending to a closed connection may lose what it was answered.
		expect(responses.length).toBeLessThanOrEqual(10);
		expect(responses.every(({ status }) => status === 200)).toBe(true);
	});

	it("L32 clients that flood and never read make room for one that does", async () => {
		agent = new FakeAgent(bigSecrets);
		const { port } = await serveAgent(agent, { maxConnections: 3 });
		const stuck = [];
		for (let i = 0; i < 3; i += 1) {
			const socket = await dial(port);
			socket.pause();
			socket.write(getText("/v1/secrets"));
			stuck.push(socket);
		}
		await until(() => agent.held.readers === 3);
		expect((await exchangeOne(port, lastGetText("/v1/health"))).status).toBe(200);
		await until(() => agent.held.readers === 2);
		for (const socket of stuck) socket.destroy();
	});

	it("L32 a new client is turned away only when every connection waits for the agent", async () => {
		const { opened, open } = gate();
		agent.gate = opened;
		const { port } = await serveAgent(agent, { maxConnections: 1 });
		const waiting = exchangeOne(port, lastGetText("/v1/secrets"));
		await until(() => agent.opens === 1);
		expect(await exchange(port, lastGetText("/v1/health"))).toEqual([]);
		open();
		expect((await waiting).status).toBe(200);
	});

	it("L32 a client that stops reading is let go", async () => {
		agent = new FakeAgent(bigSecrets);
		const { port } = await serveAgent(agent, { stallTimeoutMs: 50 });
		const socket = await dial(port);
		socket.pause();
		socket.write(getText("/v1/secrets"));
		await until(() => agent.held.readers === 1);
		await until(() => agent.held.readers === 0);
		socket.destroy();
	});

	it("nonsense behind a request that still waits closes the connection without mixing answers", async () => {
		const { opened, open } = gate();
		agent.gate = opened;
		const { port } = await serveAgent(agent);
		expect(await exchange(port, `${getText("/v1/secrets")}\0\0\0`)).toEqual([]);
		open();
	});
});
