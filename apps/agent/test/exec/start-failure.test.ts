import { expect, it } from "vitest";
import { startFailure } from "../../src/exec/start-failure.js";

const failed = (code: string): Error => Object.assign(new RangeError(`spawn ${code}`), { code });

it.each([
	["nothere", failed("ENOENT"), 127, /^nothere is not on PATH/],
	["./nothere", failed("ENOENT"), 127, /^\.\/nothere or the interpreter it names does not exist/],
	["/etc/passwd", failed("EACCES"), 126, /may not be run/],
	["sh", failed("EAGAIN"), 126, /^sh cannot be started: EAGAIN$/],
	["sh", "words", 126, /unknown error/],
	["s\u001bh", failed("EAGAIN"), 126, /^s\?h/],
])("%s", (program, cause, exitStatus, message) => {
	expect(startFailure(program, {}, cause)).toMatchObject({
		code: "COMMAND_NOT_STARTED",
		exitStatus,
		message: expect.stringMatching(message),
	});
});

it("D39 says how large an environment is that is too large, and where", () => {
	const env = { SMALL: "1", LARGE: "hunter2".repeat(3), OTHER: "22" };
	const failure = startFailure("sh", env, failed("E2BIG"));
	expect(failure).toMatchObject({ exitStatus: 126, hint: expect.stringContaining("--only") });
	expect(failure.message).toContain("it has 45 bytes, and its largest variable is LARGE with 21");
	expect(startFailure("sh", {}, failed("E2BIG")).message).toContain("0 bytes");
});
