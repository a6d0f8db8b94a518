import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createRouter } from "../../src/create-router.js";
import {
	type Listening,
	type ListenOnSocketOptions,
	listenOnSocket,
	RouterError,
} from "../../src/node/index.js";
import { FakeAgent, secretsOf } from "../fake-agent.js";
import { TOKEN } from "../requests.js";

let secrets: Awaited<ReturnType<typeof secretsOf>>;
let folder: string;
let path: string;

beforeAll(async () => {
	secrets = await secretsOf({ KEY: "value" });
});

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "clef-socket-"));
	path = join(folder, "agent.sock");
	onTestFinished(() => rmSync(folder, { recursive: true }));
});

async function serve(options: Partial<ListenOnSocketOptions> = {}): Promise<Listening> {
	const router = createRouter(new FakeAgent(secrets), { token: TOKEN });
	const listening = await listenOnSocket(router, { path, mode: 0o600, asksToken: true, ...options });
	onTestFinished(() => listening.close(0));
	return listening;
}

/** What the socket answers to this. */
async function get(target: string, headers: Record<string, string> = {}) {
	const sent = request({ socketPath: path, path: target, headers }).end();
	const [response] = await once(sent, "response");
	let body = "";
	for await (const chunk of response) body += chunk;
	return { status: response.statusCode as number, body: JSON.parse(body) as unknown };
}

async function refusal(options: Partial<ListenOnSocketOptions> = {}): Promise<RouterError> {
	try {
		await serve(options);
	} catch (error) {
		if (error instanceof RouterError) return error;
	}
	return expect.fail("should have been refused");
}

const BEARER = { Authorization: `Bearer ${TOKEN}` };

describe("listenOnSocket", () => {
	it.each([0o600, 0o660, 0o666])("makes a file of mode %o from the start", async (mode) => {
		const usual = process.umask(0o022);
		onTestFinished(() => void process.umask(usual));
		await serve({ mode });
		expect(statSync(path).mode & 0o777).toBe(mode);
		expect(process.umask()).toBe(0o022);
	});

	it("L28 has no use for a Host", async () => {
		await serve();
		for (const host of ["evil.example", "a/b", "localhost:1"])
			expect((await get("/v1/health", { Host: host })).status).toBe(200);
		expect((await get("/v1/secrets", { ...BEARER, Host: "a/v1/health?" })).body).toEqual({ KEY: "value" });
	});

	it("L31 asks for the token, unless it is its owner's alone and shall not", async () => {
		const listening = await serve();
		expect((await get("/v1/secrets")).status).toBe(401);
		expect((await get("/v1/secrets", BEARER)).body).toEqual({ KEY: "value" });
		await listening.close(0);
		await serve({ asksToken: false });
		expect((await get("/v1/secrets")).body).toEqual({ KEY: "value" });
	});

	it("L29 L30 refuses browsers and proxies there too", async () => {
		await serve({ asksToken: false });
		expect((await get("/v1/secrets", { Origin: "null" })).status).toBe(400);
		expect((await get("/v1/secrets", { Via: "1.1 proxy" })).status).toBe(400);
	});

	it("removes its file at the end", async () => {
		const listening = await serve();
		await listening.close(0);
		expect(existsSync(path)).toBe(false);
	});

	it("replaces what an agent left behind that died", async () => {
		const dead = createNetServer().listen(path);
		await once(dead, "listening");
		const leftover = join(folder, "kept");
		const { linkSync, renameSync } = await import("node:fs");
		linkSync(path, leftover);
		dead.close();
		await once(dead, "close");
		renameSync(leftover, path);
		await serve();
		expect((await get("/v1/health")).status).toBe(200);
	});

	it("takes no socket away that another process listens on", async () => {
		const other = createServer((_, response) => response.end()).listen(path);
		await once(other, "listening");
		onTestFinished(() => void other.close());
		expect((await refusal()).message).toBe(
			`Cannot listen on the socket ${path}: another process listens on it; stop that or choose another path.`,
		);
	});

	it("takes no file away that is no socket", async () => {
		writeFileSync(path, "somebody's");
		expect((await refusal()).message).toContain("there is a file that is no socket; remove it or choose");
	});

	it("says what is wrong with the path", async () => {
		const elsewhere = join(folder, "missing", "agent.sock");
		expect((await refusal({ path: elsewhere })).message).toContain(
			"its folder does not exist; create the folder",
		);
		const long = join(folder, "x".repeat(100));
		const error = await refusal({ path: long });
		expect(error.code).toBe("CONFIG_INVALID");
		expect(error.message).toContain("its path is longer than 103 bytes; choose a shorter one");
	});

	it.skipIf(process.getuid?.() === 0)(
		"says that the folder may not be written to (root may write anywhere)",
		async () => {
			const closed = join(folder, "closed");
			mkdirSync(closed);
			chmodSync(closed, 0o500);
			expect((await refusal({ path: join(closed, "agent.sock") })).message).toContain("permission denied");
		},
	);
});
