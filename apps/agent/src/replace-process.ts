import { accessSync, constants } from "node:fs";

/** What replacing a process takes of Node's `process`. */
export interface ReplaceableProcess {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Puts another program in this process's place, and then does not return; Node has it from 22.15 on. */
	readonly execve?: (file: string, args: readonly string[], env: Record<string, string>) => void;
}

/** Puts a program in a process's place, with the same environment. Returns only where that cannot be done. */
export function replaceProcess(process: ReplaceableProcess, program: string, args: readonly string[]): void {
	if (process.execve === undefined || !isExecutable(program)) return;
	const env = Object.entries(process.env).map(([name, value = ""]) => [name, value]);
	process.execve(program, args, Object.fromEntries(env));
}

/** When the program is not there, Node does not throw but aborts. */
function isExecutable(program: string): boolean {
	try {
		accessSync(program, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
