import { expect, it } from "vitest";
import { SupervisedCommand } from "../../src/exec/supervised-command.js";
import { createLog } from "../../src/log.js";
import { capturedIo } from "../captured-io.js";
import { type Deferred, deferred } from "../deferred.js";
import { FakePrograms } from "./fake-programs.js";

/** A command whose waits the test ends. */
function stage(options: { terminal?: boolean } = {}) {
	const programs = new FakePrograms();
	const waits: (Deferred & { ms: number })[] = [];
	const after = (ms: number): Promise<void> => {
		const wait = { ...deferred(), ms };
		waits.push(wait);
		return wait.promise;
	};
	const io = { ...capturedIo(options), after, start: programs.start };
	const log = createLog(io.stderr, { level: "info", format: "text" });
	const command = new SupervisedCommand({ program: "app", args: ["-x"], graceSeconds: 10, io, log });
	const starts: string[] = [];
	const status = command.run({ A: "1" }, () => starts.push("started"));
	const endWait = (ms: number): void =>
		waits
			.filter((wait) => wait.ms === ms)
			.at(-1)
			?.resolve();
	return { command, endWait, io, programs, starts, status, waits };
}

it("runs a program in a group of its own and returns its status", async () => {
	const { programs, starts, status } = stage();
	const app = await programs.nth(1);
	expect(app).toMatchObject({ program: "app", args: ["-x"], env: { A: "1" }, ownGroup: true });
	app.end({ status: 7 });
	expect(await status).toBe(7);
	expect({ starts, received: app.received }).toEqual({ starts: ["started"], received: [] });
});

it("D39 returns 128+n when signal n ended it, and says so", async () => {
	const { io, programs, status } = stage();
	(await programs.nth(1)).end({ signal: "SIGSEGV" });
	expect(await status).toBe(139);
	expect(io.err()).toContain("app was ended by SIGSEGV");
});

it("shares the group of an agent in front of a terminal", async () => {
	const { programs, status } = stage({ terminal: true });
	const app = await programs.nth(1);
	expect(app.ownGroup).toBe(false);
	app.end({ status: 0 });
	await status;
});

it("hands signals to the program alone", async () => {
	const { command, programs, starts, status } = stage();
	command.pass("SIGHUP");
	const app = await programs.nth(1);
	while (starts.length === 0) await Promise.resolve();
	command.pass("SIGUSR2");
	expect(app.received).toEqual(["SIGUSR2"]);
	app.end({ status: 0 });
	expect(await status).toBe(0);
});

it("D39 kills a program and its group that ignore SIGTERM, after the grace period", async () => {
	const { command, endWait, io, programs, starts, status, waits } = stage();
	const app = await programs.nth(1);
	while (starts.length === 0) await Promise.resolve();
	command.pass("SIGTERM");
	command.pass("SIGTERM");
	expect(app.received).toEqual(["SIGTERM", "SIGTERM"]);
	expect(waits.map(({ ms }) => ms)).toEqual([10_000]);
	endWait(10_000);
	await app.receives("SIGKILL");
	expect(app.received.slice(2)).toEqual(["group SIGKILL", "SIGKILL"]);
	app.end({ signal: "SIGKILL" });
	expect(await status).toBe(137);
	expect(io.err()).toContain("app did not end within 10 s (--grace): killing it");
});

it("ends what a stopped program left behind", async () => {
	const { command, programs, status } = stage();
	const app = await programs.nth(1);
	app.leaves = "what ends at SIGTERM";
	command.stop();
	app.end({ status: 0 });
	expect(await status).toBe(0);
	expect(app.received.slice(-2)).toEqual(["group SIGTERM", "group SIGKILL"]);
});

it("kills what it left behind when the time is over", async () => {
	const { command, endWait, programs, starts, status, waits } = stage();
	const app = await programs.nth(1);
	while (starts.length === 0) await Promise.resolve();
	app.leaves = "what does not";
	command.stop();
	app.end({ status: 0 });
	while (!waits.some(({ ms }) => ms === 50)) await Promise.resolve();
	endWait(10_000);
	await Promise.resolve();
	endWait(50);
	expect(await status).toBe(0);
	expect(app.received.at(-1)).toBe("group SIGKILL");
});

it("starts a replacement when the program has made way, with the last environment it was given", async () => {
	const { command, programs, starts, status } = stage();
	const app = await programs.nth(1);
	while (starts.length === 0) await Promise.resolve();
	command.replace({ A: "2" });
	command.replace({ A: "3" });
	expect(app.received).toEqual(["SIGTERM"]);
	app.end({ status: 0 });
	const next = await programs.nth(2);
	expect(next.env).toEqual({ A: "3" });
	next.end({ status: 4 });
	expect(await status).toBe(4);
	expect(starts).toHaveLength(2);
});

it("replaces a program that was being started when the change came", async () => {
	const { command, programs, status } = stage();
	command.replace({ A: "2" });
	const app = await programs.nth(1);
	await app.receives("SIGTERM");
	app.end({ signal: "SIGTERM" });
	(await programs.nth(2)).end({ status: 0 });
	expect(await status).toBe(0);
});

it("does not start a replacement once it was told to stop", async () => {
	const { command, programs, starts, status } = stage();
	const app = await programs.nth(1);
	while (starts.length === 0) await Promise.resolve();
	command.replace({ A: "2" });
	command.pass("SIGTERM");
	app.end({ signal: "SIGTERM" });
	expect(await status).toBe(143);
	expect(programs.started).toHaveLength(1);
});

it("starts nothing when it was told to stop before", async () => {
	const programs = new FakePrograms();
	const io = { ...capturedIo(), start: programs.start };
	const log = createLog(io.stderr, { level: "info", format: "text" });
	const command = new SupervisedCommand({ program: "app", args: [], graceSeconds: 10, io, log });
	command.stop();
	expect(await command.run({}, () => undefined)).toBe(143);
	expect(programs.started).toEqual([]);
});

it("says why a program cannot be started", async () => {
	const start = () => Promise.reject(Object.assign(new RangeError("spawn"), { code: "ENOENT" }));
	const io = { ...capturedIo(), start };
	const log = createLog(io.stderr, { level: "info", format: "text" });
	const command = new SupervisedCommand({ program: "app", args: [], graceSeconds: 10, io, log });
	await expect(command.run({}, () => undefined)).rejects.toMatchObject({
		code: "COMMAND_NOT_STARTED",
		exitStatus: 127,
	});
});
