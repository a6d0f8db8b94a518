import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { answersIn, authorised, closed, dial, drained, exchangeOne, requestText } from "./raw-request.js";
import { temporaryFolder } from "./temporary-folder.js";
import { MODES } from "./transport-stage.js";

const SECRETS = { KEY: "value-under-flood", BIG: "x".repeat(900_000) };
const HEALTH = requestText("GET /v1/health HTTP/1.1", "Host: localhost");
const SECRET = authorised("GET /v1/secrets/KEY HTTP/1.1");

/** The same request on a connection that stays open. */
const kept = (text: string): string => text.replace("Connection: close\r\n", "");

async function ready(env: Readonly<Record<string, string>> = {}): Promise<AgentProcess> {
	const path = join(temporaryFolder(), "artifact.json");
	writeFileSync(path, await sealArtifact({ secrets: SECRETS }));
	return AgentProcess.ready({
		CLEF_AGENT_SOURCE: path,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		...env,
	});
}

/** Asserts that a new client is answered, about the agent's health and with a secret. */
async function expectAnswering({ port }: AgentProcess): Promise<void> {
	expect((await exchangeOne(port, HEALTH)).status).toBe(200);
	expect(JSON.parse((await exchangeOne(port, SECRET)).body)).toEqual({ value: SECRETS.KEY });
}

it("L32 slow requests are told 408 and closed, and nobody waits for them", async () => {
	const agent = await ready();
	const starts = ["", "GET /v1/sec", "GET /v1/health HTTP/1.1\r\nHost: loc", "GET / HTTP/1.1\r\nX-1: 1\r\n"];
	const slow = await Promise.all(starts.map(() => dial(agent.port)));
	const received = slow.map(drained);
	slow.forEach((socket, index) => void socket.write(starts[index] ?? ""));
	// A slowloris proper: it never stops, and is never done.
	const dripping = await dial(agent.port);
	const dripped = drained(dripping);
	dripping.write("GET /v1/health HTTP/1.1\r\n");
	await eventually("the end of the dripping one", async () => {
		if (dripping.writable) dripping.write("X: y\r\n");
		await expectAnswering(agent);
		return dripping.closed;
	});
	for (const bytes of [...(await Promise.all(received)), await dripped]) {
		const [answer] = answersIn(bytes);
		expect(answer?.status).toBe(408);
		expect(JSON.parse(answer?.body ?? "")).toMatchObject({ code: "REQUEST_TIMEOUT" });
	}
});

it.each(MODES)("L32 2,000 idle and half-open sockets keep nobody out, %s", async (_, ttl) => {
	const agent = await ready({ CLEF_AGENT_CACHE_TTL: ttl });
	const sockets: Socket[] = [];
	for (let opened = 0; opened < 2_000; opened += 1) {
		const socket = await dial(agent.port);
		if (opened % 2 === 1) socket.write("GET /v1/health HTTP/1.1\r\nHost: ");
		socket.resume();
		sockets.push(socket);
		if (opened % 500 === 499) await expectAnswering(agent);
	}
	await eventually("room made", () => sockets.filter((socket) => !socket.closed).length <= 512);
	await expectAnswering(agent);
});

it("L32 pipelined requests are answered in order, up to a hundred", async () => {
	const agent = await ready();
	const client = await dial(agent.port);
	const received = drained(client);
	client.write(kept(HEALTH).repeat(60) + kept(SECRET).repeat(39) + SECRET);
	const answers = answersIn(await received);
	expect(answers).toHaveLength(100);
	expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
	expect(answers.slice(0, 60).every(({ body }) => body.includes('"status":"ok"'))).toBe(true);
	expect(answers.slice(60).every(({ body }) => body === `{"value":"${SECRETS.KEY}"}`)).toBe(true);
});

it("L32 a pipelined flood is cut off after a hundred answers, and others are served meanwhile", async () => {
	const agent = await ready();
	const flood = await dial(agent.port);
	const received = drained(flood);
	flood.write(kept(HEALTH).repeat(3_000));
	await expectAnswering(agent);
	// Who goes on sending to a closed connection may lose what was answered.
	expect(answersIn(await received).length).toBeLessThanOrEqual(100);
	await expectAnswering(agent);
});

it("L32 clients that ask for much and read nothing neither stop the others nor fill the memory", async () => {
	const agent = await ready();
	const body = kept(authorised("GET /v1/secrets HTTP/1.1"));
	for (let opened = 0; opened < 40; opened += 1) {
		const socket = await dial(agent.port);
		socket.pause();
		// 900 MB each, if it were all written at once.
		socket.write(body.repeat(1_000));
	}
	await expectAnswering(agent);
	await expectAnswering(agent);
	expect(agent.peakMemoryBytes()).toBeLessThan(700 * 1024 * 1024);
});

it("L32 huge headers, targets and bodies, and two lengths at once, are refused in JSON and closed", async () => {
	const agent = await ready();
	const many = Array.from({ length: 2_500 }, (_, index) => `X-${index}: ${"a".repeat(10)}`);
	const smuggled = `${authorised(
		"GET /v1/health HTTP/1.1",
		"Content-Length: 4",
		"Transfer-Encoding: chunked",
	)}0\r\n\r\n${authorised("GET /v1/secrets HTTP/1.1")}`;
	for (const [bytes, status, code] of [
		[authorised("GET /v1/health HTTP/1.1", ...many), 431, "REQUEST_TOO_LARGE"],
		[authorised("GET /v1/health HTTP/1.1", `X: ${"a".repeat(17_000)}`), 431, "REQUEST_TOO_LARGE"],
		[authorised(`GET /${"a".repeat(17_000)} HTTP/1.1`), 431, "REQUEST_TOO_LARGE"],
		[smuggled, 400, "REQUEST_MALFORMED"],
		[
			authorised("GET / HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 4"),
			400,
			"REQUEST_MALFORMED",
		],
		[authorised("GET / HTTP/1.1", "Transfer-Encoding: chunked, identity"), 400, "REQUEST_MALFORMED"],
		[authorised("GET / HTTP/1.1", "Content-Length: 4", "Content-Length: 5"), 400, "REQUEST_MALFORMED"],
		[authorised("GET / HTTP/1.1", "Content-Length: -1"), 400, "REQUEST_MALFORMED"],
	] as const) {
		const answer = await exchangeOne(agent.port, bytes);
		expect({ status: answer.status, code: JSON.parse(answer.body).code }).toEqual({ status, code });
		expect(answer.headers.connection).toBe("close");
	}
	expect(agent.stderr).not.toContain(TOKEN);
	await expectAnswering(agent);
});

it("L32 a body that is announced is not waited for, and what follows it is no request", async () => {
	const agent = await ready();
	for (const framing of ["Content-Length: 1000000", "Transfer-Encoding: chunked"]) {
		const socket = await dial(agent.port);
		const received = drained(socket);
		socket.write(kept(authorised("GET /v1/health HTTP/1.1", framing)) + SECRET);
		await closed(socket);
		const answers = answersIn(await received);
		expect(answers.map(({ body }) => body).join("")).not.toContain(SECRETS.KEY);
		expect(answers.length).toBeLessThanOrEqual(1);
	}
	await expectAnswering(agent);
});
