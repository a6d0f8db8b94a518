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

/** The real world, as this process sees it. */
export function processIo(): CommandIo {
	return {
		stdin: process.stdin,
		stdout: process.stdout,
		stderr: process.stderr,
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
		commandLine: commandLineOf(process),
		replace: (program, args) => replaceProcess(process, program, args),
		keepAlive,
		isInteractive: process.stdin.isTTY === true,
		after: (ms) => sleep(ms, undefined, { ref: false }),
	};
}

/** What it takes is loaded when it is needed: most agents never start another program. */
const execute: CommandIo["execute"] = async (program, args, env) => {
	const { execFile } = await import("node:child_process");
	const { promisify } = await import("node:util");
	return promisify(execFile)(program, args, { env, timeout: EXECUTION_MS, killSignal: "SIGKILL" });
};

/** What Node's `process` tells of its start. */
type StartedProcess = Pick<NodeJS.Process, "argv" | "execArgv" | "execPath">;

/**
 * How a process was started. The standalone binary is named twice in Node's arguments, a script comes after Node and its
 * options.
 */
export function commandLineOf({ argv, execArgv, execPath }: StartedProcess): readonly string[] {
	return argv[1] === execPath ? argv.slice(1) : [execPath, ...execArgv, ...argv.slice(1)];
}

function keepAlive(): () => void {
	const timer = setInterval(() => undefined, LONGEST_TIMER_MS);
	return () => clearInterval(timer);
}
