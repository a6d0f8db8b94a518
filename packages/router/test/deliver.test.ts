import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { deliver, toResponse } from "../src/deliver.js";
import { BIG, FakeAgent, secretsOf } from "./fake-agent.js";
import { getText, lastGetText, serveAgent } from "./node/listening.js";
import { dial, drain, exchangeOne, parseResponses } from "./node/raw-client.js";
import { gate, until } from "./waiting.js";

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

describe("deliver", () => {
	const reply = { status: 200, headers: { "Content-Length": "5" }, body: Buffer.from("bytes") };
	const bindings = () => {
		const incoming = new IncomingMessage(new Socket());
		return { incoming, outgoing: new ServerResponse(incoming), alreadySent: new Response() };
	};

	it("hands Node the very bytes, and writes nothing else", () => {
		const env = bindings();
		const end = vi.spyOn(env.outgoing, "end");
		deliver(reply, env);
		expect(end).toHaveBeenCalledOnce();
		expect(end.mock.calls[0]?.[0]).toBe(reply.body);
		expect(env.outgoing.statusCode).toBe(200);
	});

	it.each(["outgoing", "incoming"] as const)("releases as soon as either of the two closes: %s", (first) => {
		const env = bindings();
		const release = vi.fn();
		deliver({ ...reply, release }, env);
		expect(release).not.toHaveBeenCalled();
		env[first].emit("close");
		expect(release).toHaveBeenCalledOnce();
	});

	it("goes on holding the bytes of a response that has its turn, whatever becomes of the request", () => {
		const env = bindings();
		const release = vi.fn();
		deliver({ ...reply, release }, env);
		env.outgoing.assignSocket(new Socket().on("error", () => undefined));
		env.incoming.emit("close");
		expect(release).not.toHaveBeenCalled();
		env.outgoing.emit("close");
		expect(release).toHaveBeenCalledOnce();
	});

	it.each(["outgoing", "incoming"] as const)("writes nothing when the %s side is already gone", (side) => {
		const env = bindings();
		const release = vi.fn();
		env[side].destroy();
		const end = vi.spyOn(env.outgoing, "end");
		deliver({ ...reply, release }, env);
		expect(end).not.toHaveBeenCalled();
		expect(release).toHaveBeenCalledOnce();
	});

	it.each([undefined, null, {}, "env"])(
		"makes a Response with a copy where there is no Node: %j",
		async (env) => {
			const body = Buffer.from("bytes");
			const release = vi.fn(() => body.fill(0));
			const response = deliver({ ...reply, body, release }, env);
			expect(release).toHaveBeenCalledOnce();
			expect(await response.text()).toBe("bytes");
		},
	);

	it("releases even when no Response can be made of it", () => {
		const release = vi.fn();
		expect(() => toResponse({ ...reply, status: 99, release })).toThrow(RangeError);
		expect(release).toHaveBeenCalledOnce();
	});
});

describe("bytes in flight", () => {
	it("a slow reader gets whole secrets although they are replaced meanwhile; then they are wiped", async () => {
		agent = new FakeAgent(bigSecrets);
		const { port } = await serveAgent(agent);
		const socket = await dial(port);
		socket.pause();
		socket.write(lastGetText("/v1/secrets"));
		await until(() => agent.held.readers === 1);
		const { packed } = agent.held;
		const held = agent.held;
		agent.replace(secrets, "r2");
		expect(packed[0]).not.toBe(0);
		const [response] = parseResponses(await drain(socket));
		expect(response?.body.equals(Buffer.from(JSON.stringify({ BIG })))).toBe(true);
		await until(() => held.readers === 0);
		expect(packed.every((byte) => byte === 0)).toBe(true);
	});

	it("are released when the client goes away in the middle", async () => {
		agent = new FakeAgent(bigSecrets);
		const { port } = await serveAgent(agent);
		const socket = await dial(port);
		socket.pause();
		socket.write(getText("/v1/secrets"));
		await until(() => agent.held.readers === 1);
		socket.destroy();
		await until(() => agent.held.readers === 0);
	});

	it("are released when the client goes away with pipelined requests still to be answered", async () => {
		agent = new FakeAgent(bigSecrets);
		const { port } = await serveAgent(agent);
		const socket = await dial(port);
		socket.pause();
		socket.write(getText("/v1/secrets").repeat(5));
		await until(() => agent.held.readers === 5);
		socket.destroy();
		await until(() => agent.held.readers === 0);
	});

	it("L32 are released when CONNECT comes behind responses that wait for their turn", async () => {
		const { opened, open } = gate();
		agent.gate = opened;
		const { port } = await serveAgent(agent);
		const socket = await dial(port);
		socket.write(getText("/v1/secrets"));
		await until(() => agent.opens === 1);
		agent.gate = Promise.resolve();
		socket.write(getText("/v1/secrets").repeat(4));
		await until(() => agent.held.readers === 4);
		socket.write("CONNECT evil:443 HTTP/1.1\r\n\r\n");
		await until(() => agent.held.readers === 0);
		open();
	});

	it("are never taken when the client left before the agent was done", async () => {
		const { opened, open } = gate();
		agent.gate = opened;
		const { port } = await serveAgent(agent);
		const socket = await dial(port);
		socket.write(getText("/v1/secrets").repeat(2));
		await until(() => agent.opens === 2);
		socket.destroy();
		await exchangeOne(port, lastGetText("/v1/health"));
		open();
		await exchangeOne(port, lastGetText("/v1/health"));
		expect(agent.held.readers).toBe(0);
	});
});
