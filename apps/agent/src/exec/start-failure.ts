import { CommandError } from "../command-error.js";
import { printable } from "../printable.js";
import type { Variables } from "./secret-variables.js";

/** What shells return for a command that is not there, and for one that cannot be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** Says why a program could not be started, with the exit status that a shell would give. */
export function startFailure(program: string, env: Variables, cause: unknown): CommandError {
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
	const name = printable(program);
	const failure = (message: string, exitStatus: number, hint?: string): CommandError =>
		new CommandError("COMMAND_NOT_STARTED", message, { cause, exitStatus, ...(hint && { hint }) });
	switch (code) {
		case "ENOENT":
			return program.includes("/")
				? failure(`${name} or the interpreter it names does not exist`, NOT_FOUND)
				: failure(`${name} is not on PATH, or the interpreter it names does not exist`, NOT_FOUND);
		case "EACCES":
			return failure(`${name} may not be run: check its mode, and that it is no folder`, NOT_RUNNABLE);
		case "E2BIG":
			return failure(
				`the environment is too large for the operating system; ${largest(env)}`,
				NOT_RUNNABLE,
				"choose with --only, and let the command read large secrets over HTTP (--serve)",
			);
		default:
			return failure(`${name} cannot be started: ${code}`, NOT_RUNNABLE);
	}
}

/** Linux also limits each variable, so the largest is what to look at in either case. */
function largest(env: Variables): string {
	const sizes = Object.entries(env).map(([name, value]) => [name, Buffer.byteLength(value)] as const);
	const [name, bytes] = sizes.reduce((most, each) => (each[1] > most[1] ? each : most), ["none", 0] as const);
	const total = sizes.reduce((sum, [each, size]) => sum + Buffer.byteLength(each) + size + 2, 0);
	return `it has ${total} bytes, and its largest variable is ${printable(name)} with ${bytes}`;
}
