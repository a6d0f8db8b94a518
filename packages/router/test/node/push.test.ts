import { settle } from "@clef-sh/testkit/clock";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { listen } from "../../src/node/index.js";
import { BIG } from "../fake-agent.js";
import { PushStage } from "../push/stage.js";
import { gate, until } from "../waiting.js";
import { getText } from "./listening.js";
import { closed, dial, exchangeOne, readOne } from "./raw-client.js";

let stage: PushStage;
let port: number;

beforeEach(async () => {
	stage = await PushStage.of({ KEY: "a" });
	const listener = await listen(stage.router, { port: 0, limits: { stallTimeoutMs: 60 } });
	onTestFinished(() => listener.close(0));
	port = listener.port;
});

/** Opens a stream, and gives the text that arrives on it. */
async function stream(): Promise<{ readonly text: () => string; readonly destroy: () => void }> {
	const socket = await dial(port);
	let text = "";
	socket.setEncoding("utf8").on("data", (chunk: string) => {
		text += chunk;
	});
	socket.write(getText("/v1/events"));
	await until(() => text.includes("event: revision"));
	return { text: () => text, destroy: () => socket.destroy() };
}

describe("on the wire", () => {
	it("an event stream is sent as it comes", async () => {
		const { text } = await stream();
		expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		expect(text()).toMatch(/\r\nContent-Type: text\/event-stream\r\n/);
		await stage.replace({ KEY: "b" }, "r2");
		await until(() => text().includes('"since":"r1"'));
		expect(text()).not.toContain("Content-Length");
	});

	it("a client that is gone is forgotten", async () => {
		const { destroy } = await stream();
		expect(stage.clock.pendingTimers).toBe(1);
		destroy();
		await until(() => stage.clock.pendingTimers === 0);
	});

	it("HEAD tells of a stream and begins none", async () => {
		const head = getText("/v1/events", "Connection: close").replace("GET", "HEAD");
		const response = await exchangeOne(port, head);
		expect([response.status, response.headers["content-type"]]).toEqual([200, "text/event-stream"]);
		expect(stage.clock.pendingTimers).toBe(0);
	});

	it("streams end at once when the agent stops", async () => {
		const { text } = await stream();
		stage.changes.close();
		await until(() => text().endsWith("0\r\n\r\n"));
	});

	it("L32 a request that waits for changes is no stall, and its connection goes on afterwards", async () => {
		const socket = await dial(port);
		socket.write(getText("/v1/secrets?wait=60", 'If-None-Match: "r1"'));
		await until(() => stage.clock.pendingTimers === 1);
		const { opened, open } = gate();
		stage.agent.gate = opened;
		const stalled = await dial(port);
		stalled.write(getText("/v1/secrets"));
		await closed(stalled);
		open();
		expect(socket.closed).toBe(false);
		await stage.replace({ KEY: "b" }, "r2");
		expect((await readOne(socket)).body.toString()).toBe('{"KEY":"b"}');
		socket.write(getText("/v1/health"));
		expect((await readOne(socket)).status).toBe(200);
		socket.destroy();
	});

	it("L32 a client that does not read what it has waited for is let go, and with it the secrets", async () => {
		const socket = await dial(port);
		socket.pause();
		socket.write(getText("/v1/secrets?wait=60", 'If-None-Match: "r1"'));
		await until(() => stage.clock.pendingTimers === 1);
		await stage.replace({ BIG }, "r2");
		await until(() => stage.agent.held.readers === 1);
		await until(() => stage.agent.held.readers === 0);
		socket.destroy();
	});

	it("L32 many requests that wait on one connection are no leak, of which Node would warn", async () => {
		const warnings: Error[] = [];
		const listener = (warning: Error) => warnings.push(warning);
		process.on("warning", listener);
		onTestFinished(() => void process.off("warning", listener));
		const socket = await dial(port);
		socket.write(getText("/v1/secrets?wait=60", 'If-None-Match: "r1"').repeat(20));
		await until(() => stage.clock.pendingTimers === 20);
		await new Promise(setImmediate);
		expect(warnings).toEqual([]);
		socket.destroy();
		await until(() => stage.clock.pendingTimers === 0);
	});

	it("a waiting request whose client is gone is forgotten, and its secrets are not opened", async () => {
		const socket = await dial(port);
		socket.write(getText("/v1/secrets?wait=60", 'If-None-Match: "r1"'));
		await until(() => stage.clock.pendingTimers === 1);
		socket.destroy();
		await until(() => stage.clock.pendingTimers === 0);
		await settle();
		expect(stage.agent.held.readers).toBe(0);
	});
});
