import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent, inherited, runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { itWith, part } from "./part.js";
import { closed, dial } from "./raw-request.js";
import { temporaryFolder } from "./temporary-folder.js";

const curl = part("curl");
const chromium = part("chromium");

/** An agent over a file, and what puts other secrets there. */
async function stage(env: Readonly<Record<string, string>> = {}) {
	const folder = temporaryFolder();
	const path = join(folder, "artifact.json");
	let count = 0;
	const put = async (artifact: Parameters<typeof sealArtifact>[0]): Promise<void> => {
		count += 1;
		writeFileSync(`${path}.new`, await sealArtifact({ revision: `r${count}`, ...artifact }));
		renameSync(`${path}.new`, path);
	};
	await put({ secrets: { A: "value-a-1", B: "value-b-1" } });
	const agent = await AgentProcess.ready({
		CLEF_AGENT_SOURCE: path,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		...env,
	});
	return { agent, folder, path, put };
}

/** What `curl -N` prints of a stream, as it comes. */
function curled(
	agent: AgentProcess,
	...args: readonly string[]
): { text: () => string; ended: Promise<unknown> } {
	const all = ["-sN", "-H", `Authorization: Bearer ${TOKEN}`, ...args, `${agent.url}/v1/events`];
	const child = spawn("curl", all, { stdio: ["ignore", "pipe", "inherit"], env: inherited() });
	onTestFinished(() => void child.kill("SIGKILL"));
	let text = "";
	child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
		text += chunk;
	});
	return { text: () => text, ended: new Promise((resolve) => child.once("exit", resolve)) };
}

describe.each(["300", "0"])("at a TTL of %s", (CLEF_AGENT_CACHE_TTL) => {
	itWith(curl)("curl -N hears of every rotation by names, of a revocation, and of the end", async () => {
		const { agent, path, put } = await stage({ CLEF_AGENT_CACHE_TTL });
		const { text, ended } = curled(agent);
		await eventually("the first revision", () =>
			text().includes(
				'event: revision\nid: r1\ndata: {"revision":"r1","since":null,"added":["A","B"],"changed":[],"removed":[]}\n\n',
			),
		);
		await put({ secrets: { A: "value-a-2", C: "value-c-2" } });
		await eventually(`the second revision in ${text()}`, () =>
			text().includes('"revision":"r2","since":"r1","added":["C"],"changed":["A"],"removed":["B"]}'),
		);
		const revoked = JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), revokedAt: new Date() });
		writeFileSync(path, revoked);
		await eventually("the revocation", () =>
			text().endsWith('event: revoked\ndata: {"reason":"revoked"}\n\n'),
		);
		expect(text()).not.toMatch(/value-/);
		const { status, afterMs } = await agent.stop();
		await ended;
		expect(status).toBe(0);
		// Not the time that requests under way get.
		expect(afterMs).toBeLessThan(2_000);
	});
});

itWith(curl)("a client resumes after what it knows", async () => {
	const { agent, put } = await stage();
	const first = curled(agent);
	await eventually("the first revision", () => first.text().includes("id: r1"));
	await put({ secrets: { A: "value-a-2" } });
	await eventually("the second revision", () => first.text().includes("id: r2"));
	const again = curled(agent, "-H", "Last-Event-ID: r1");
	await eventually("the difference", () =>
		again.text().includes('"since":"r1","added":[],"changed":["A"],"removed":["B"]'),
	);
});

it("a request waits for another revision, and no longer than it asks for", async () => {
	const { agent, put } = await stage();
	const waiting = agent.get("/v1/secrets?wait=60", { "If-None-Match": '"r1"' });
	await put({ secrets: { A: "value-a-2" } });
	expect((await waiting).json()).toEqual({ A: "value-a-2" });
	expect((await agent.get("/v1/secrets?wait=1", { "If-None-Match": '"r2"' })).status).toBe(304);
});

it("POST /v1/refresh asks the source at once, and says what came of it", async () => {
	const source = await startServer(behaviours.ok(await sealArtifact({ revision: "r1" })));
	onTestFinished(() => source.close());
	const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: source.url });
	const post = async (token = TOKEN) => {
		const { status, json } = await agent.ask("POST", "/v1/refresh", { authorization: `Bearer ${token}` });
		return { status, body: json() };
	};
	source.respondWith(behaviours.ok(await sealArtifact({ revision: "r2" })));
	expect(await post()).toEqual({ status: 200, body: { outcome: "replaced", revision: "r2" } });
	expect((await post()).status).toBe(429);
	expect((await post("not the token")).status).toBe(401);
	source.respondWith(behaviours.status(503));
	let failed = await post();
	await eventually("a second later", async () => {
		failed = await post();
		return failed.status === 200;
	});
	expect(failed.body).toEqual({ outcome: "kept", revision: "r2", error: { code: "SOURCE_UNREACHABLE" } });
});

itWith(chromium)("L29 a page in a browser gets no stream, because it is one", async () => {
	const { agent } = await stage({ CLEF_AGENT_METRICS: "prometheus" });
	const script = `new EventSource("${agent.url}/v1/events").onerror = ({ target }) => {
		document.title = "state " + target.readyState;
	};`;
	const page = createServer((_, response) => {
		response.setHeader("content-type", "text/html").end(`<title>waiting</title><script>${script}</script>`);
	}).listen(0, "127.0.0.1");
	await once(page, "listening");
	const { port } = page.address() as AddressInfo;
	onTestFinished(() => void page.close());
	const quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic"];
	const offline = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
	const profile = `--user-data-dir=${temporaryFolder()}`;
	const shown = await runProgram("chromium", [
		...quiet,
		...offline,
		profile,
		"--virtual-time-budget=3000",
		"--dump-dom",
		`http://127.0.0.1:${port}/`,
	]);
	expect(shown.stdout).toContain("<title>state 2</title>");
	expect((await agent.get("/v1/metrics")).text).toMatch(
		/http_route="\/v1\/events"[^}]*status_code="400"[^}]*\} [1-9]/,
	);
});

describe("a thousand clients that wait", () => {
	const CLIENTS = 1_000;

	it("L32 cost little, delay nobody, and are all told", async () => {
		const { agent, put } = await stage();
		// What the process takes once, whoever comes.
		for (let round = 0; round < 10; round += 1)
			await Promise.all(Array.from({ length: 100 }, () => agent.get("/v1/secrets")));
		const before = agent.residentBytes();
		const streams: Awaited<ReturnType<typeof eventStream>>[] = [];
		// Not all at once: connections without a request may be closed for others.
		while (streams.length < CLIENTS)
			streams.push(...(await Promise.all(Array.from({ length: 100 }, () => eventStream(agent)))));
		await eventually("all told", () => streams.every(({ text }) => text().includes("id: r1")));
		const each = (agent.residentBytes() - before) / CLIENTS;
		console.log(`a waiting client takes ${(each / 1_024).toFixed(1)} KiB`);
		expect(each).toBeLessThan(20_000);
		expect((await agent.get("/v1/health")).status).toBe(200);
		await put({ secrets: { A: "value-a-2" } });
		await eventually("all told again", () => streams.every(({ text }) => text().includes("id: r2")));
		expect((await agent.get("/v1/secrets")).json()).toEqual({ A: "value-a-2" });
		const { status, afterMs } = await agent.stop();
		expect(status).toBe(0);
		expect(afterMs).toBeLessThan(5_000);
	});

	it("L32 5,000 that connect and vanish leave nothing behind", async () => {
		const { agent } = await stage();
		for (let round = 0; round < 50; round += 1) {
			const sockets = await Promise.all(Array.from({ length: 100 }, () => dial(agent.port)));
			for (const socket of sockets) {
				socket.write(`GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
			}
			await Promise.all(
				sockets.slice(0, 10).map((socket) => new Promise((resolve) => socket.once("data", resolve))),
			);
			for (const socket of sockets) socket.destroy();
			await Promise.all(sockets.map(closed));
		}
		const { text } = await eventStream(agent);
		await eventually("one more is told", () => text().includes("id: r1"));
		await eventually("no connection left", () => agent.openSockets() <= 3);
	});
});

describe("a Unix domain socket", () => {
	itWith(curl)("serves without a port, and health finds it", async () => {
		const folder = temporaryFolder();
		const socket = join(folder, "agent.sock");
		const artifact = join(folder, "artifact.json");
		writeFileSync(artifact, await sealArtifact({ secrets: { A: "value-a-1" } }));
		const env = { CLEF_AGENT_PORT: "none", CLEF_AGENT_SOCKET: socket };
		const agent = await AgentProcess.listening({
			...env,
			CLEF_AGENT_SOURCE: artifact,
			CLEF_AGENT_SOCKET_AUTH: "none",
		});
		expect((await agent.logged("listening")).message).toContain(`listening on unix:${socket}, source`);
		const health = await eventually("ready", async () => (await clefAgent(["health"], { env })).status === 0);
		expect(health).toBe(true);
		const asked = await runProgram("curl", ["-s", "--unix-socket", socket, "http://clef/v1/secrets"]);
		expect(JSON.parse(asked.stdout)).toEqual({ A: "value-a-1" });
		await agent.stop();
		const gone = await clefAgent(["health"], { env });
		expect(gone.status).toBe(1);
		expect(gone.stderr).toContain(
			`no agent on ${socket}: nothing listens there; is it running, and on this CLEF_AGENT_SOCKET?`,
		);
	});

	it("and another agent on the same file does not start", async () => {
		const CLEF_AGENT_SOCKET = join(temporaryFolder(), "agent.sock");
		const { agent, path } = await stage({ CLEF_AGENT_SOCKET });
		const second = await AgentProcess.spawn({ CLEF_AGENT_SOURCE: path, CLEF_AGENT_SOCKET });
		expect((await second.ended()).status).toBe(1);
		expect(second.stderr).toContain("another process listens on it; stop that or choose another path");
		expect((await agent.get("/v1/health")).status).toBe(200);
	});
});

/** An event stream over a connection of its own. */
function eventStream(agent: AgentProcess): Promise<{ readonly text: () => string }> {
	return new Promise((resolve, reject) => {
		const headers = { authorization: `Bearer ${TOKEN}` };
		const request = get(`${agent.url}/v1/events`, { headers, agent: false }, (response) => {
			let text = "";
			response.setEncoding("utf8").on("data", (chunk: string) => {
				text += chunk;
			});
			response.on("error", () => undefined);
			resolve({ text: () => text });
		});
		request.on("error", reject);
		onTestFinished(() => void request.destroy());
	});
}
