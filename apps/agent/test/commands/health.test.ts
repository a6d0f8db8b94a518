import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { health } from "../../src/commands/health.js";
import { capturedIo } from "../captured-io.js";

async function serving(listener: RequestListener): Promise<number> {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return (server.address() as AddressInfo).port;
}

async function asked(listener: RequestListener, ...args: string[]) {
	const io = capturedIo({ env: { CLEF_AGENT_PORT: String(await serving(listener)) } });
	return { status: await health(args, io), err: io.err(), out: io.out() };
}

it.each([
	[[], "/v1/ready"],
	[["--live"], "/v1/health"],
])("%j asks %s and is silent when all is well", async (args, path) => {
	const requests: unknown[] = [];
	const answer = await asked(
		(request, response) => {
			requests.push([request.method, request.url, /^127\.0\.0\.1:\d+$/.test(request.headers.host ?? "")]);
			response.end(request.url === "/v1/ready" ? '{"ready":true}' : '{"status":"ok","mode":"cached"}');
		},
		...args,
	);
	expect(answer).toEqual({ status: 0, err: "", out: "" });
	expect(requests).toEqual([["GET", path, true]]);
});

it.each(["not_loaded", "cache_expired", "artifact_expired", "revoked"])(
	"exits 1 and says %s",
	async (reason) => {
		const answer = await asked((_, response) => {
			response.writeHead(503).end(JSON.stringify({ ready: false, reason }));
		});
		expect(answer).toEqual({ status: 1, err: `clef-agent: not ready: ${reason}\n`, out: "" });
	},
);

it("doubts that something else is an agent", async () => {
	const { status, err } = await asked((_, response) => {
		response.writeHead(404).end("<html>\u001b[2J");
	});
	expect(status).toBe(1);
	expect(err).toMatch(/^clef-agent: 127\.0\.0\.1:\d+ answered 404; is it a clef-agent\?\n$/);
});

it.each([
	["<html>Welcome", []],
	["{}", []],
	['{"ready":false}', []],
	['{"status":"ok"}', []],
	["", ["--live"]],
	['{"ready":true}', ["--live"]],
	['{"status":"starting"}', ["--live"]],
])(
	"L34 does not take %j for the answer of an agent, given %j: the port may be another's",
	async (body, args) => {
		const { status, err } = await asked((_, response) => void response.end(body), ...args);
		expect(status).toBe(1);
		expect(err).toMatch(/^clef-agent: 127\.0\.0\.1:\d+ answered 200; is it a clef-agent\?\n$/);
	},
);

it("says that nothing listens", async () => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	const io = capturedIo({ env: { CLEF_AGENT_PORT: String(port) } });
	expect(await health([], io)).toBe(1);
	expect(io.err()).toBe(
		`clef-agent: no agent on 127.0.0.1:${port}: nothing listens there; is it running, and on this CLEF_AGENT_PORT?\n`,
	);
});

it("says that the connection broke, before or in the answer", async () => {
	const before = await asked((request) => request.socket.destroy());
	expect(before.status).toBe(1);
	expect(before.err).toContain("ECONNRESET");
	const within = await asked((request, response) => {
		response.writeHead(200, { "content-length": "100" });
		response.write("{");
		setImmediate(() => request.socket.destroy());
	});
	expect(within.status).toBe(1);
	expect(within.err).toContain("its answer was cut short");
});

it("gives up on silence after two seconds", async () => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	onTestFinished(() => {
		vi.useRealTimers();
	});
	const answer = await asked(() => vi.advanceTimersByTime(2_000));
	expect(answer.status).toBe(1);
	expect(answer.err).toContain("it did not answer within 2 seconds");
});

it("is not fooled by an endless answer", async () => {
	const answer = await asked((_, response) => {
		response.writeHead(503);
		response.end(`${"x".repeat(100_000)}{"reason":"not_loaded"}`);
	});
	expect(answer.err).toContain("answered 503");
});

it.each(["0", "65536", "http", "77 79", "-1"])("refuses the port %j", async (port) => {
	await expect(health([], capturedIo({ env: { CLEF_AGENT_PORT: port } }))).rejects.toMatchObject({
		code: "CONFIG_INVALID",
	});
});

it.each(["", "tcp://10.0.0.1:7779"])("asks the default port for %j", async (port) => {
	const io = capturedIo({ env: { CLEF_AGENT_PORT: port } });
	const status = await health([], io);
	// Something may really listen on 7779 where this test runs; then there is nothing to read.
	if (status === 1) expect(io.err()).toMatch(/127\.0\.0\.1:7779|not ready/);
});
