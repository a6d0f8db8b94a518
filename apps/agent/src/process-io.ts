import { url } from "node:inspector";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandIo } from "./command-io.js";

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
		after: (ms) => sleep(ms, undefined, { ref: false }),
	};
}
