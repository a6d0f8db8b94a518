import { spawnSync } from "node:child_process";
import { it } from "vitest";

/** What makes a program process 1 of a namespace of its own. */
export const UNSHARE = ["unshare", "--map-root-user", "--fork", "--pid", "--mount-proc", "--kill-child"];

/** Whether a user may make such namespaces is for the machine to say, in CI too. */
export const canUnshare: boolean = spawnSync("unshare", [...UNSHARE.slice(1), "true"]).status === 0;

/** A test in such a namespace. */
export function itInNamespace(title: string, test: () => Promise<void>): void {
	const note = canUnshare ? "" : " (needs unshare and the right to make PID namespaces, which are not here)";
	(canUnshare ? it : it.skip)(title + note, test);
}

/** A shell script that leaves five orphans, waits until they have ended, and counts those that nobody has waited for. */
export const ORPHANS = `i=0; while [ $i -lt 5 ]; do (sleep 0.1 &); i=$((i+1)); done; sleep 0.6
echo "zombies $(cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z ')"; exit 5`;
