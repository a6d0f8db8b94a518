import { once } from "node:events";
import type { CommandIo, ProgramEnd } from "./command-io.js";
import { deliver, groupLives } from "./process-group.js";

/** Starts a program on this process's standard streams. */
export const startProgram: CommandIo["start"] = async (program, args, { cwd, env, ownGroup }) => {
	// Loaded when it is needed: most agents never start another program.
	const { spawn } = await import("node:child_process");
	const child = spawn(program, args, { cwd, env: { ...env }, stdio: "inherit", detached: ownGroup });
	const ended = new Promise<ProgramEnd>((resolve) => {
		child.once("exit", (status, signal) => resolve(signal === null ? { status: status ?? 1 } : { signal }));
	});
	await once(child, "spawn");
	const pid = Number(child.pid);
	return {
		ended,
		signal: (signal) => {
			// Once it has been waited for, its number may be another process's.
			if (child.exitCode === null && child.signalCode === null) deliver(pid, signal);
		},
		signalGroup: (signal) => {
			if (ownGroup) deliver(-pid, signal);
		},
		groupLives: () => ownGroup && groupLives(pid),
	};
};
