import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { commandPath, runProgram } from "./command.js";
import { itWith, part } from "./part.js";

const check = fileURLToPath(new URL("../examples/exec/check", import.meta.url));

itWith(part("python3"))("examples/exec runs a program that knows of no agent", async () => {
	const env = { CLEF_AGENT: `${process.execPath} ${commandPath}` };
	const { status, stdout, stderr } = await runProgram("sh", [check], { env });
	expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "connecting to db.internal as app\n" });
	expect(stdout + stderr).not.toContain("s3cret");
});
