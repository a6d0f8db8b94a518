import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { exec } from "../../src/commands/exec.js";
import { type CapturedIo, capturedIo } from "../captured-io.js";
import { type FakeProgram, FakePrograms } from "../exec/fake-programs.js";
import { freePort } from "../free-port.js";

interface PublishedFields {
	readonly expiresAt?: string;
	readonly revokedAt?: string;
}

interface Stage {
	readonly io: CapturedIo;
	readonly programs: FakePrograms;
	publish(secrets: object, fields?: PublishedFields): Promise<void>;
}

/** A world with a file source; only waits that are not forbidden pass, and at once. */
async function stage(
	secrets: object | undefined,
	env: Record<string, string> = {},
	passes: (ms: number) => boolean = (ms) => ms === 1_000,
): Promise<Stage> {
	const programs = new FakePrograms();
	const io = capturedIo();
	const source = join(io.cwd, "artifact.json");
	const stillness = new Promise<never>(() => undefined);
	let published = 0;
	const publish = async (next: object, { expiresAt, ...fields }: PublishedFields = {}): Promise<void> => {
		published += 1;
		const packedAt = new Date(Date.UTC(2026, 10, 22, 5, published)).toISOString();
		const artifact = await sealArtifact({
			secrets: next,
			revision: `r${published}`,
			packedAt,
			...(expiresAt && { expiresAt }),
		});
		writeFileSync(source, JSON.stringify({ ...JSON.parse(artifact.toString()), ...fields }));
	};
	if (secrets !== undefined) await publish(secrets);
	return {
		programs,
		publish,
		io: {
			...io,
			env: {
				CLEF_AGENT_SOURCE: source,
				CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
				CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
				CLEF_AGENT_LOG_FORMAT: "text",
				INHERITED: "yes",
				...env,
			},
			start: programs.start,
			after: (ms) => (passes(ms) ? Promise.resolve() : stillness),
		},
	};
}

/** Starts it; the command is ended when the test is. */
function started({ io, programs }: Stage, args: readonly string[]): Promise<number> {
	const status = exec(args, io);
	onTestFinished(async () => {
		for (const program of programs.started) program.end({ status: 0 });
		io.process.emit("SIGTERM");
		await status.catch(() => undefined);
	});
	return status;
}

it("runs the command with the secrets and what is inherited, and returns its status", async () => {
	const world = await stage({ A: "1" }, { CLEF_AGENT_TOKEN: "a-token-of-enough-characters" });
	const status = started(world, ["--", "app", "-x"]);
	const app = await world.programs.nth(1);
	expect({ ...app.env }).toEqual({ A: "1", INHERITED: "yes" });
	app.end({ status: 3 });
	expect(await status).toBe(3);
	expect(world.io.err()).toMatch(/waiting for secrets before app is started[\s\S]*started app[\s\S]*wiped/);
});

it("says which inherited variables it replaces", async () => {
	const world = await stage({ INHERITED: "no" });
	void started(world, ["--", "app"]);
	expect({ ...(await world.programs.nth(1)).env }).toEqual({ INHERITED: "no" });
	expect(world.io.err()).toContain("secrets replace inherited variables: INHERITED");
});

it("D39 refuses before the command starts what cannot be a variable", async () => {
	const world = await stage({ A: "1", LD_PRELOAD: "evil.so" });
	await expect(exec(["--", "app"], world.io)).rejects.toMatchObject({ code: "COMMAND_ENVIRONMENT" });
	expect(world.programs.started).toEqual([]);
});

it("starts the command again when its values change", async () => {
	const world = await stage({ A: "1" });
	const status = started(world, ["--restart-on-change", "--", "app"]);
	const app = await world.programs.nth(1);
	await world.publish({ A: "2" });
	await app.receives("SIGTERM");
	app.end({ signal: "SIGTERM" });
	const next = await world.programs.nth(2);
	expect(next.env.A).toBe("2");
	next.end({ status: 0 });
	expect(await status).toBe(0);
});

it.each([
	["SIGTERM", 143],
	["SIGHUP", 129],
])("%s while it waits ends it with %i", async (signal, status) => {
	const world = await stage(undefined);
	const running = started(world, ["--", "app"]);
	await world.io.errMatching(/waiting for secrets/);
	world.io.process.emit(signal);
	expect(await running).toBe(status);
});

it("gives up after the timeout with the reason", async () => {
	const world = await stage(undefined, {}, (ms) => ms === 7_000);
	const failure = exec(["--timeout", "7", "--", "app"], world.io);
	await expect(failure).rejects.toMatchObject({ code: "COMMAND_TIMEOUT", exitStatus: 69 });
	await expect(failure).rejects.toThrow(/^no secrets within 7 s \(--timeout\)/);
});

it("serves beside the command, which gets port and token", async () => {
	const port = await freePort();
	const world = await stage({ A: "1" }, { CLEF_AGENT_PORT: String(port) });
	const status = started(world, ["--serve", "--", "app"]);
	const app: FakeProgram = await world.programs.nth(1);
	expect(app.env).toMatchObject({
		CLEF_AGENT_PORT: String(port),
		CLEF_AGENT_TOKEN: expect.stringMatching(/^.{43}$/),
	});
	const headers = { authorization: `Bearer ${app.env.CLEF_AGENT_TOKEN}`, connection: "close" };
	const answer = await fetch(`http://127.0.0.1:${port}/v1/secrets`, { headers });
	expect(await answer.json()).toEqual({ A: "1" });
	app.end({ status: 0 });
	expect(await status).toBe(0);
	expect(world.io.err()).not.toContain(app.env.CLEF_AGENT_TOKEN);
});

it("without --serve writes no token", async () => {
	const world = await stage({ A: "1" });
	const tokenFile = join(world.io.cwd, "token");
	const io = { ...world.io, env: { ...world.io.env, CLEF_AGENT_TOKEN_FILE: tokenFile } };
	void started({ ...world, io }, ["--", "app"]);
	await world.programs.nth(1);
	expect(existsSync(tokenFile)).toBe(false);
});

it("L34 starts nothing when the port is taken", async () => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
	});
	const { port } = server.address() as AddressInfo;
	const world = await stage({ A: "1" }, { CLEF_AGENT_PORT: String(port) });
	await expect(exec(["--serve", "--", "app"], world.io)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
	expect(world.programs.started).toEqual([]);
});

it("goes on after a revocation, and says so", async () => {
	const world = await stage({ A: "1" });
	const status = started(world, ["--", "app"]);
	const app = await world.programs.nth(1);
	await world.io.errMatching(/started app/);
	await world.publish({ A: "1" }, { revokedAt: "2026-11-23T00:00:00.000Z" });
	await world.io.errMatching(/the secrets were revoked; the command goes on/);
	expect(app.received).toEqual([]);
	app.end({ status: 0 });
	expect(await status).toBe(0);
});

it("says nothing of an end when an expired artifact was refused", async () => {
	const world = await stage({ A: "1" });
	const status = started(world, ["--", "app"]);
	const app = await world.programs.nth(1);
	await world.io.errMatching(/started app/);
	await world.publish({ A: "2" }, { expiresAt: "2026-11-22T05:30:00.000Z" });
	await world.io.errMatching(/artifact expired[^\n]*still serving revision r1/);
	expect(world.io.err()).not.toContain("the secrets have expired");
	app.end({ status: 0 });
	expect(await status).toBe(0);
});

it("stops the command after a revocation when that was asked for", async () => {
	const world = await stage({ A: "1" });
	const status = started(world, ["--stop-on-revoke", "--", "app"]);
	const app = await world.programs.nth(1);
	await world.io.errMatching(/started app/);
	await world.publish({ A: "1" }, { revokedAt: "2026-11-23T00:00:00.000Z" });
	await app.receives("SIGTERM");
	app.end({ status: 0 });
	expect(await status).toBe(69);
});

it("stops the command when the agent itself has crashed", async () => {
	const world = await stage({ A: "1" });
	const status = started(world, ["--", "app"]);
	const app = await world.programs.nth(1);
	await world.io.errMatching(/started app/);
	world.io.process.emit("uncaughtException", new RangeError("hunter2"));
	await app.receives("SIGTERM");
	app.end({ signal: "SIGTERM" });
	expect(await status).toBe(1);
	expect(world.io.err()).not.toContain("hunter2");
});

it("ends at once when the agent crashes while it waits", async () => {
	const world = await stage(undefined);
	const status = started(world, ["--", "app"]);
	await world.io.errMatching(/waiting for secrets/);
	world.io.process.emit("unhandledRejection", "words");
	expect(await status).toBe(1);
});

it("tells the service manager that it is ready once the command runs", async () => {
	const world = await stage(undefined, { NOTIFY_SOCKET: "/run/notify" });
	const sent: string[] = [];
	const io = { ...world.io, execute: async (_: string, told: readonly string[]) => void sent.push(...told) };
	const status = started({ ...world, io }, ["--", "app"]);
	await io.errMatching(/waiting for secrets/);
	expect(sent).not.toContain("READY=1");
	await world.publish({ A: "1" });
	const app = await world.programs.nth(1);
	expect(app.env).not.toHaveProperty("NOTIFY_SOCKET");
	await io.errMatching(/started app/);
	app.end({ status: 0 });
	expect(await status).toBe(0);
	expect(sent).toContain("READY=1");
	expect(sent.indexOf("READY=1")).toBeGreaterThan(sent.indexOf("EXTEND_TIMEOUT_USEC=60000000"));
});

it("as process 1 says who should be it", async () => {
	const world = await stage({ A: "1" });
	void started({ ...world, io: { ...world.io, pid: 1 } }, ["--", "app"]);
	await world.programs.nth(1);
	expect(world.io.err()).toMatch(/WARNING running as process 1/);
});
