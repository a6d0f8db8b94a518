import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { commandPath, type Ended, runProgram } from "./command.js";
import { itWith, part } from "./part.js";

/** Runs the script that an example is checked by. */
function check(script: string, program: string): Promise<Ended> {
	const path = fileURLToPath(new URL(`../examples/${script}`, import.meta.url));
	return runProgram(program, [path], { env: { CLEF_AGENT: `${process.execPath} ${commandPath}` } });
}

itWith(part("python3"))("examples/exec runs a program that knows of no agent", async () => {
	const { status, stdout, stderr } = await check("exec/check", "sh");
	expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "connecting to db.internal as app\n" });
	expect(stdout + stderr).not.toContain("s3cret");
});

it("examples/hot-swap follows a new password without a failed request", async () => {
	const { status, stdout, stderr } = await check("hot-swap/check.js", process.execPath);
	const said = "the database has a new password, and no request has failed\n";
	expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: said });
	expect(stdout + stderr).not.toMatch(/first-password|second-password/);
});

it("examples/in-process follows a rotation with an agent of its own", async () => {
	const { status, stdout, stderr } = await check("in-process/check.js", process.execPath);
	expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "the server has followed the rotation\n" });
});
