import { url } from "node:inspector";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandIo } from "./command-io.js";
import { replaceProcess } from "./replace-process.js";
import { startProgram } from "./start-program.js";

/** Longer than systemd-notify waits by itself. */
const EXECUTION_MS = 10_000;

/** Node takes no longer one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real world, with the standard streams that only a process has. */
export interface ProcessIo extends CommandIo {
	readonly stdout: NodeJS.WriteStream;
	readonly stderr: NodeJS.WriteStream;
}

/**
 * The real world, as this process sees it; `commandLine` is how it was started, `lost` is told when standard output
 * cannot be written to.
 *
 * Standard input and output are opened when they are first asked for: an agent that serves needs neither, and both
 * cost its start.
 */
export function processIo(
	commandLine: readonly string[],
	lost: (error: NodeJS.ErrnoException) => void,
): ProcessIo {
	let stdout: NodeJS.WriteStream | undefined;
	return {
		get stdin() {
			return process.stdin;
		},
		get stdout() {
			stdout ??= process.stdout.on("error", lost);
			return stdout;
		},
		stderr: process.stderr.on("error", () => {
			// Whoever read the log has gone; an agent goes on serving without it.
		}),
		env: process.env,
		programName: basename(process.argv[1] ?? process.execPath),
		cwd: process.cwd(),
		now: Date.now,
		process,
		inspectorUrl: url,
		pid: process.pid,
		uid: process.geteuid?.(),
		monotonicMicroseconds: () => process.hrtime.bigint() / 1_000n,
		execute,
		start: startProgram,
		commandLine,
		replace: (program, args) => replaceProcess(process, program, args),
		keepAlive,
		get isInteractive() {
			return process.stdin.isTTY === true;
		},
		after: (ms) => sleep(ms, undefined, { ref: false }),
	};
}

/** What it takes is loaded when it is needed: most agents never start another program. */
const execute: CommandIo["execute"] = async (program, args, env) => {
	const { execFile } = await import("node:child_process");
	const { promisify } = await import("node:util");
	return promisify(execFile)(program, args, { env, timeout: EXECUTION_MS, killSignal: "SIGKILL" });
};

function keepAlive(): () => void {
	const timer = setInterval(() => undefined, LONGEST_TIMER_MS);
	return () => clearInterval(timer);
}
