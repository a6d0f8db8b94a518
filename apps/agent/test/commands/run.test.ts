import { EventEmitter, once } from "node:events";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { run } from "../../src/commands/run.js";
import { type CapturedIo, capturedIo } from "../captured-io.js";
import { freePort } from "../free-port.js";

const TOKEN = "a-token-of-enough-characters";

async function world(env: Record<string, string> = {}, terminal = false): Promise<CapturedIo> {
	const io = capturedIo({
		terminal,
		env: {
			CLEF_AGENT_SOURCE: "unset",
			CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_PORT: String(await freePort()),
			...env,
		},
	});
	const source = join(io.cwd, "a.json");
	writeFileSync(source, vector("signed"));
	return { ...io, env: { ...io.env, CLEF_AGENT_SOURCE: env.CLEF_AGENT_SOURCE ?? source } };
}

/** Starts it, and stops it when the test ends; resolves once it listens. */
async function started(io: CapturedIo): Promise<{ status: Promise<number>; url: string }> {
	const status = run([], io);
	onTestFinished(async () => {
		io.process.emit("SIGTERM");
		io.process.emit("SIGTERM");
		await status;
	});
	await Promise.race([io.errMatching(/listening on/), status]);
	return { status, url: `http://127.0.0.1:${io.env.CLEF_AGENT_PORT}` };
}

async function secrets(url: string, token: string) {
	const response = await fetch(`${url}/v1/secrets`, { headers: { authorization: `Bearer ${token}` } });
	return { status: response.status, body: await response.json() };
}

it("serves what was packed and stops on SIGTERM", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN });
	const { status, url } = await started(io);
	await io.errMatching(/artifact\.refreshed/);
	expect(await secrets(url, TOKEN)).toEqual({ status: 200, body: vectorSecrets });
	io.process.emit("SIGTERM");
	expect(await status).toBe(0);
	await expect(fetch(url)).rejects.toThrow();
	expect(io.err()).toMatch(/SIGTERM: stopping[\s\S]*secrets are wiped from memory/);
	expect(io.err()).not.toContain(TOKEN);
});

it("logs one line with url, source and mode before anything was fetched", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN, CLEF_AGENT_SOURCE: "/nowhere/a.json" });
	const { url } = await started(io);
	const lines = io.err().trimEnd().split("\n");
	const listening = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "listening");
	expect(listening).toEqual([
		expect.objectContaining({
			level: "INFO",
			url,
			source: expect.stringContaining("/nowhere/a.json"),
			mode: "cached",
		}),
	]);
	expect((await fetch(`${url}/v1/ready`)).status).toBe(503);
	expect((await fetch(`${url}/v1/health`)).status).toBe(200);
});

it("tells a person the token it made, once", async () => {
	const io = await world({}, true);
	const { url } = await started(io);
	const [, token] = await io.errMatching(/^Token for this run: ([\w-]{43})\n/m);
	await io.errMatching(/INFO serving revision/);
	expect((await secrets(url, String(token))).status).toBe(200);
	expect(io.err().split(String(token))).toHaveLength(2);
});

it("where nobody reads along, keeps the token and warns once how to hand one over", async () => {
	const io = await world();
	await started(io);
	await io.errMatching(/token\.withheld/);
	expect(io.err()).not.toMatch(/Token for this run/);
	const warnings = io.err().match(/"level":"WARN"[^\n]*CLEF_AGENT_TOKEN_FILE/g);
	expect(warnings).toHaveLength(1);
});

it("hands a token over in a file", async () => {
	const tokenFile = join((await world()).cwd, "token");
	const io = await world({ CLEF_AGENT_TOKEN_FILE: tokenFile });
	const { url } = await started(io);
	const token = readFileSync(tokenFile, "utf8");
	await io.errMatching(/artifact\.refreshed/);
	expect((await secrets(url, token)).status).toBe(200);
	expect(io.err()).not.toContain(token);
	expect(io.err()).not.toContain("token.withheld");
});

it("logs what is doubtful in the configuration", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: "short" });
	await started(io);
	expect(io.err()).toMatch(/"level":"WARN"[^\n]*CLEF_AGENT_TOKEN/);
});

it("refreshes on SIGHUP", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN, CLEF_AGENT_LOG_FORMAT: "text" });
	await started(io);
	await io.errMatching(/serving revision/);
	copyFileSync(join(io.cwd, "a.json"), join(io.cwd, "b.json"));
	writeFileSync(join(io.cwd, "a.json"), "broken");
	io.process.emit("SIGHUP");
	await io.errMatching(
		/INFO SIGHUP: refreshing now\n[\s\S]*ERROR artifact refused: [^\n]*still serving revision/,
	);
});

it("reports to the service manager that started it", async () => {
	const socket = { NOTIFY_SOCKET: "/run/n", PATH: "/usr/bin", WATCHDOG_USEC: "60000000" };
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN, ...socket });
	const sent: string[] = [];
	const told = new EventEmitter();
	const execute = async (_: string, assignments: readonly string[]): Promise<void> => {
		sent.push(...assignments);
		told.emit("told");
	};
	const said = async (assignment: string): Promise<void> => {
		while (!sent.includes(assignment)) await once(told, "told");
	};
	const { status } = await started({ ...io, execute });
	await said("READY=1");
	expect(sent).toContainEqual(expect.stringMatching(/^STATUS=serving revision /));
	expect(sent).toContain("WATCHDOG=1");
	sent.length = 0;
	io.process.emit("SIGHUP");
	await said("READY=1");
	expect(sent.slice(0, 2)).toEqual(["RELOADING=1", "MONOTONIC_USEC=90000000"]);
	sent.length = 0;
	io.process.emit("SIGTERM");
	expect(await status).toBe(0);
	expect(sent).toEqual(["STOPPING=1", "STATUS=stopping"]);
});

it("tells the service manager why it is not ready", async () => {
	const env = { CLEF_AGENT_SOURCE: "/nowhere/a.json", NOTIFY_SOCKET: "/run/n" };
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN, ...env });
	const sent: string[] = [];
	const reason = new Promise<void>((resolve) => {
		const execute = async (_: string, assignments: readonly string[]): Promise<void> => {
			sent.push(...assignments);
			if (sent.includes("STATUS=not loaded: SOURCE_NOT_FOUND")) resolve();
		};
		void started({ ...io, execute });
	});
	await reason;
	expect(sent).toContain("EXTEND_TIMEOUT_USEC=60000000");
	expect(sent).not.toContain("READY=1");
});

it.each([
	[0, 1],
	[1000, 0],
])("warns user %i %i times of being root", async (uid, times) => {
	const io = { ...(await world({ CLEF_AGENT_TOKEN: TOKEN })), uid };
	await started(io);
	expect(io.err().match(/"event":"process\.root"/g) ?? []).toHaveLength(times);
});

it("D36 stops at once on a second signal", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN });
	const { status } = await started(io);
	io.process.emit("SIGINT");
	io.process.emit("SIGINT");
	expect(await status).toBe(0);
});

it("D36 a signal during the start is not lost", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN });
	const status = run([], io);
	io.process.emit("SIGTERM");
	expect(await status).toBe(0);
});

it("D36 does not wait longer than it may for what hangs", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN });
	const waits: number[] = [];
	const hurried = {
		...io,
		after: async (ms: number) => {
			waits.push(ms);
		},
	};
	const status = run([], hurried);
	io.process.emit("SIGTERM");
	expect(await status).toBe(0);
	expect(waits).toEqual([3_500]);
});

it("L34 says that the port is taken", async () => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
	});
	const { port } = server.address() as AddressInfo;
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN, CLEF_AGENT_PORT: String(port) });
	await expect(run([], io)).rejects.toMatchObject({
		code: "CONFIG_INVALID",
		message: expect.stringContaining(String(port)),
	});
	expect(io.process.listenerCount("SIGHUP")).toBe(0);
});

it("writes no token file when the configuration is refused", async () => {
	const tokenFile = join((await world()).cwd, "token");
	const io = await world({ CLEF_AGENT_TOKEN_FILE: tokenFile, CLEF_AGENT_CACHE_TTL: "soon" });
	await expect(run([], io)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
	expect(existsSync(tokenFile)).toBe(false);
});

it.each(["uncaughtException", "unhandledRejection"])(
	"%s ends it with one line that quotes nothing",
	async (kind) => {
		const io = await world({ CLEF_AGENT_TOKEN: TOKEN });
		const { status } = await started(io);
		io.process.emit(kind, new RangeError("https://user:hunter2@host/?token=hunter2"));
		io.process.emit(kind, new RangeError("what followed from it"));
		expect(await status).toBe(1);
		const crashes = io
			.err()
			.split("\n")
			.filter((line) => line.includes("agent.crashed"));
		expect(crashes).toHaveLength(1);
		expect(crashes[0]).toMatch(/unexpected failure, exiting: RangeError at .*run\.test\.ts/);
		expect(io.err()).not.toContain("hunter2");
	},
);

it("copes with a crash whose reason is no error", async () => {
	const io = await world({ CLEF_AGENT_TOKEN: TOKEN });
	const { status } = await started(io);
	io.process.emit("unhandledRejection", "words");
	expect(await status).toBe(1);
	expect(io.err()).toContain("unexpected failure, exiting: a thrown string");
	expect(io.err()).not.toContain("words");
});

it("takes no arguments", async () => {
	await expect(run(["now"], capturedIo())).rejects.toMatchObject({ code: "COMMAND_USAGE" });
});
