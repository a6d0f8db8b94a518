import { expect, it } from "vitest";
import { processIo } from "../src/process-io.js";

it("is this process", async () => {
	const io = processIo(["node", "agent.js"], fail);
	expect(io.commandLine).toEqual(["node", "agent.js"]);
	expect(io.env).toBe(process.env);
	expect(io.stderr).toBe(process.stderr);
	expect(io.process).toBe(process);
	expect(io.cwd).toBe(process.cwd());
	expect(Math.abs(io.now() - Date.now())).toBeLessThan(60_000);
	expect(io.pid).toBe(process.pid);
	expect(io.uid).toBe(process.geteuid?.());
	expect(io.monotonicMicroseconds() * 1_000n).toBeLessThanOrEqual(process.hrtime.bigint());
	await io.after(0);
});

it("runs a program with nothing else in its environment", async () => {
	const { execute } = processIo([], fail);
	const script = "process.exit(Object.keys(process.env).join() === 'ONLY' ? 0 : 1)";
	await execute(process.execPath, ["-e", script], { ONLY: "this" });
	await expect(execute(process.execPath, ["-e", script], {})).rejects.toMatchObject({ code: 1 });
	await expect(execute("no-such-program", [], { PATH: "" })).rejects.toMatchObject({ code: "ENOENT" });
});

function fail(error: Error): never {
	throw error;
}
