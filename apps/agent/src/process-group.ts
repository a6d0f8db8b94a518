import { readdirSync, readFileSync } from "node:fs";

/** Sends a signal to a process, or with a negative number to a group; whether anyone was there. */
export function deliver(target: number, signal: NodeJS.Signals | 0): boolean {
	try {
		return process.kill(target, signal);
	} catch {
		// It ended by itself, or became another user's, whom only that user may end.
		return false;
	}
}

/**
 * Whether a process group has members that run. Those that have ended count for the system until somebody waits for
 * them, and in a container without an init nobody does.
 */
export function groupLives(id: number): boolean {
	if (!deliver(-id, 0)) return false;
	if (process.platform !== "linux") return true;
	return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isRunningMember(name, id));
}

function isRunningMember(pid: string, group: number): boolean {
	const stat = statOf(pid);
	// The name before it may hold anything, closing parentheses too.
	const [state = "Z", , groupId] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return groupId === String(group) && !/[ZX]/.test(state);
}

function statOf(pid: string): string {
	try {
		return readFileSync(`/proc/${pid}/stat`, "utf8");
	} catch {
		// It has ended since the folder was read.
		return "";
	}
}
