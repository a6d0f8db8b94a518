import { once } from "node:events";
import { createServer } from "node:net";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createRouter } from "../../src/create-router.js";
import { listen, RouterError } from "../../src/node/index.js";
import { BIG, FakeAgent, secretsOf } from "../fake-agent.js";
import { shown, TOKEN } from "../requests.js";
import { gate, until } from "../waiting.js";
import { getText, lastGetText, serveAgent } from "./listening.js";
import { closed, dial, drain, exchange, exchangeOne, parseResponses, readOne } from "./raw-client.js";

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

describe("listen", () => {
	it("serves the whole API to an ordinary client", async () => {
		const { port } = await serveAgent(agent);
		const get = (path: string, headers = {}) =>
			fetch(`http://127.0.0.1:${port}${path}`, { headers: { Authorization: `Bearer ${TOKEN}`, ...headers } });
		expect((await get("/v1/health")).status).toBe(200);
		expect(await shown(await get("/v1/ready"))).toEqual({ status: 200, body: { ready: true } });
		expect(await shown(await get("/v1/keys"))).toEqual({ status: 200, body: ["KEY"] });
		expect(await shown(await get("/v1/secrets/KEY"))).toEqual({ status: 200, body: { value: "value" } });
		expect(await (await get("/v1/secrets/KEY", { Accept: "text/plain" })).text()).toBe("value");
		const whole = await get("/v1/secrets");
		expect(whole.headers.get("ETag")).toBe('"r1"');
		expect(whole.headers.get("Content-Length")).toBe("15");
		expect(await whole.json()).toEqual({ KEY: "value" });
		const again = await get("/v1/secrets", { "If-None-Match": '"r1"' });
		expect(again.status).toBe(304);
		expect(await again.text()).toBe("");
	});

	it("is not reachable on another address", async () => {
		const { port } = await serveAgent(agent);
		await expect(dial(port, "127.0.0.2")).rejects.toThrow("ECONNREFUSED");
	});

	it("answers 503 and 500 on the wire as it does in-process", async () => {
		const { port } = await serveAgent(agent);
		agent.failure = Object.assign(new Error("Wait for it."), {
			code: "AGENT_NOT_READY",
			reason: "not_loaded",
		});
		expect((await exchangeOne(port, lastGetText("/v1/secrets"))).body.toString()).toBe(
			'{"error":"Wait for it.","code":"AGENT_NOT_READY","reason":"not_loaded"}',
		);
		agent.failure = "not even an error";
		expect((await exchangeOne(port, lastGetText("/v1/secrets"))).body.toString()).toBe(
			'{"error":"Internal error.","code":"INTERNAL"}',
		);
	});

	it("keeps a connection for many requests, and closes one that announced a body", async () => {
		const { port } = await serveAgent(agent);
		const socket = await dial(port);
		for (let i = 0; i < 3; i += 1) {
			socket.write(getText("/v1/secrets"));
			expect((await readOne(socket)).headers.connection).toBe("keep-alive");
		}
		socket.write(getText("/v1/secrets", "Content-Length: 5"));
		const last = await readOne(socket);
		expect(last.status).toBe(200);
		expect(last.headers.connection).toBe("close");
		await closed(socket);
		const [chunked] = await exchange(port, getText("/v1/secrets", "Transfer-Encoding: chunked"));
		expect(chunked?.headers.connection).toBe("close");
	});

	it("L34 says which port is taken, and what to do", async () => {
		const { port } = await serveAgent(agent);
		const refused = listen(createRouter(agent, { token: TOKEN }), { port });
		await expect(refused).rejects.toThrow(
			new RouterError(
				"CONFIG_INVALID",
				`Port ${port} on 127.0.0.1 is already in use; stop the other process or set CLEF_AGENT_PORT.`,
			),
		);
		await expect(refused).rejects.toMatchObject({
			name: "RouterError",
			code: "CONFIG_INVALID",
			retryable: false,
		});
	});

	it.each([65_536, -1, 7779.5, Number.NaN])("L34 refuses %d, which is no port", async (port) => {
		await expect(listen(createRouter(agent, { token: TOKEN }), { port })).rejects.toThrow(
			new RouterError(
				"CONFIG_INVALID",
				`Port ${port} on 127.0.0.1 cannot be listened on (ERR_SOCKET_BAD_PORT); set CLEF_AGENT_PORT to another port.`,
			),
		);
	});

	it("serves one router on two ports, and goes on with the other when one is closed", async () => {
		const router = createRouter(agent, { token: TOKEN });
		const [first, second] = [await listen(router, { port: 0 }), await listen(router, { port: 0 })];
		await first.close(0);
		await expect(dial(first.port)).rejects.toThrow("ECONNREFUSED");
		expect((await exchangeOne(second.port, lastGetText("/v1/secrets"))).status).toBe(200);
		await second.close(0);
	});

	it("outlives a sink of requests that throws, and says that it did", async () => {
		const warnings: unknown[] = [];
		const warned = vi.spyOn(process, "emitWarning").mockImplementation((...told) => void warnings.push(told));
		onTestFinished(() => warned.mockRestore());
		const thrown: unknown[] = [new TypeError("value of a secret"), "text"];
		const { port } = await serveAgent(agent, {}, () => {
			throw thrown.shift();
		});
		for (const count of [1, 2]) {
			expect((await exchangeOne(port, lastGetText("/v1/secrets"))).status).toBe(200);
			await until(() => warnings.length === count);
		}
		const sentence = "The onRequest sink of a clef listener threw.";
		expect(warnings).toEqual([
			[sentence, { code: "CLEF_REQUEST_SINK", detail: "TypeError" }],
			[sentence, { code: "CLEF_REQUEST_SINK", detail: "string" }],
		]);
	});

	it("L34 sees a port taken by something else than an agent", async () => {
		const other = createServer().listen(0, "127.0.0.1");
		await once(other, "listening");
		const address = other.address();
		const port = typeof address === "object" && address !== null ? address.port : 0;
		await expect(listen(createRouter(agent, { token: TOKEN }), { port })).rejects.toThrow(/already in use/);
		other.close();
	});
});

describe("close", () => {
	it("closes idle connections and takes no new ones", async () => {
		const listener = await serveAgent(agent);
		const idle = await dial(listener.port);
		const kept = await dial(listener.port);
		kept.write(getText("/v1/health"));
		await readOne(kept);
		await listener.close(60_000);
		await Promise.all([closed(idle), closed(kept)]);
		await expect(dial(listener.port)).rejects.toThrow("ECONNREFUSED");
	});

	it("lets a running response finish, and says that it is the last", async () => {
		const { opened, open } = gate();
		agent.gate = opened;
		const listener = await serveAgent(agent);
		const socket = await dial(listener.port);
		socket.write(getText("/v1/secrets"));
		await until(() => agent.opens === 1);
		const done = listener.close(60_000);
		open();
		const responses = parseResponses(await drain(socket));
		expect(responses.map(({ status, headers }) => [status, headers.connection])).toEqual([[200, "close"]]);
		await done;
	});

	it("lets a response that is already on its way be read to its end", async () => {
		agent = new FakeAgent(bigSecrets);
		const listener = await serveAgent(agent);
		const socket = await dial(listener.port);
		socket.pause();
		socket.write(getText("/v1/secrets"));
		await until(() => agent.held.readers === 1);
		const done = listener.close(60_000);
		const [response] = parseResponses(await drain(socket));
		expect(response?.body.byteLength).toBe(agent.held.packed.byteLength);
		await done;
	});

	it("answers a request that comes on a busy connection while it drains, and then closes", async () => {
		const { opened, open } = gate();
		agent.gate = opened;
		const listener = await serveAgent(agent);
		const socket = await dial(listener.port);
		socket.write(getText("/v1/secrets"));
		await until(() => agent.opens === 1);
		const done = listener.close(60_000);
		socket.write(getText("/v1/health"));
		open();
		expect(parseResponses(await drain(socket))[0]?.status).toBe(200);
		await done;
	});

	it("D36 answers requests that had arrived, but were not read yet", async () => {
		const listener = await serveAgent(agent);
		const sockets = await Promise.all(Array.from({ length: 32 }, () => dial(listener.port)));
		for (const socket of sockets) {
			socket.write(getText("/v1/health"));
			await readOne(socket);
		}
		for (const socket of sockets) socket.write(getText("/v1/secrets"));
		const done = listener.close(60_000);
		for (const socket of sockets) {
			const responses = parseResponses(await drain(socket));
			expect(responses.map(({ status, headers }) => [status, headers.connection])).toEqual([[200, "close"]]);
		}
		await done;
	});

	it("D36 cuts what is still running after the grace time", async () => {
		agent.gate = gate().opened;
		const listener = await serveAgent(agent);
		const socket = await dial(listener.port);
		socket.write(getText("/v1/secrets"));
		await until(() => agent.opens === 1);
		await listener.close(1);
		await closed(socket);
	});

	it("D36 waits for as long as it takes when it is given for ever", async () => {
		const { opened, open } = gate();
		agent.gate = opened;
		const listener = await serveAgent(agent);
		const socket = await dial(listener.port);
		socket.write(getText("/v1/secrets"));
		await until(() => agent.opens === 1);
		const timers = vi.spyOn(globalThis, "setTimeout");
		onTestFinished(() => timers.mockRestore());
		const done = listener.close(Number.POSITIVE_INFINITY);
		expect(timers.mock.calls[0]?.[1]).toBe(2 ** 31 - 1);
		open();
		expect(parseResponses(await drain(socket))[0]?.status).toBe(200);
		await done;
	});

	it("D36 called again, it only shortens the wait", async () => {
		agent.gate = gate().opened;
		const listener = await serveAgent(agent);
		const socket = await dial(listener.port);
		socket.write(getText("/v1/secrets"));
		await until(() => agent.opens === 1);
		const patient = listener.close(60_000);
		await listener.close(0);
		await patient;
	});
});
