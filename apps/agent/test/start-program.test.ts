import { expect, it } from "vitest";
import { startProgram } from "../src/start-program.js";

const options = { cwd: "/", env: { ONLY: "this" }, ownGroup: true };

function node(script: string) {
	return startProgram(process.execPath, ["-e", script], options);
}

it("gives a program this environment alone, and tells its status", async () => {
	const { ended } = await node("process.exit(Object.keys(process.env).join() === 'ONLY' ? 5 : 1)");
	expect(await ended).toEqual({ status: 5 });
});

it("sends signals to the program and to its group, and to nobody afterwards", async () => {
	const [first, second] = [
		await node("setInterval(() => {}, 60_000)"),
		await node("setInterval(() => {}, 60_000)"),
	];
	expect(first.groupLives()).toBe(true);
	first.signal("SIGKILL");
	second.signalGroup("SIGKILL");
	expect(await first.ended).toEqual({ signal: "SIGKILL" });
	expect(await second.ended).toEqual({ signal: "SIGKILL" });
	first.signal("SIGKILL");
	first.signalGroup("SIGKILL");
	expect(first.groupLives()).toBe(false);
});

it("sends nothing to a group that is this process's own", async () => {
	const program = await startProgram(process.execPath, ["-e", ""], { ...options, ownGroup: false });
	program.signalGroup("SIGKILL");
	expect(program.groupLives()).toBe(false);
	expect(await program.ended).toEqual({ status: 0 });
});

it.each([
	["no-such-program", {}, "ENOENT"],
	["/", {}, "EACCES"],
	[process.execPath, { LARGE: "x".repeat(4_000_000) }, "E2BIG"],
])("rejects with the system's own error (%#)", async (program, env, code) => {
	await expect(startProgram(program, [], { ...options, env })).rejects.toMatchObject({ code });
});
