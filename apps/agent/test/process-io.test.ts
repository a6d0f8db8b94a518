import { expect, it } from "vitest";
import { commandLineOf, processIo } from "../src/process-io.js";

it("is this process", async () => {
	const io = processIo();
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
	const { execute } = processIo();
	const script = "process.exit(Object.keys(process.env).join() === 'ONLY' ? 0 : 1)";
	await execute(process.execPath, ["-e", script], { ONLY: "this" });
	await expect(execute(process.execPath, ["-e", script], {})).rejects.toMatchObject({ code: 1 });
	await expect(execute("no-such-program", [], { PATH: "" })).rejects.toMatchObject({ code: "ENOENT" });
});

it.each([
	["a script", ["agent.js", "exec"], ["--inspect"], ["/bin/node", "--inspect", "agent.js", "exec"]],
	["the standalone binary", ["/bin/node", "exec"], [], ["/bin/node", "exec"]],
])("knows how %s was started", (_, [first = "", ...rest], execArgv, commandLine) => {
	expect(commandLineOf({ argv: ["/bin/node", first, ...rest], execArgv, execPath: "/bin/node" })).toEqual(
		commandLine,
	);
});
