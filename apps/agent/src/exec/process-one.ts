import type { CommandIo } from "../command-io.js";

const SHELL = "/bin/sh";

/**
 * Process 1 must wait for every orphan, and Node waits for its own children alone; a shell waits for all. This one
 * runs what it is given, hands signals on and ends with the same status.
 */
export const INIT_SCRIPT = `exec 3<&0
"$@" <&3 3<&- &
command=$!
for name in TERM INT HUP QUIT USR1 USR2 WINCH CONT TSTP; do
	# shellcheck disable=SC2064
	trap "kill -$name $command" "$name"
done
# A signal ends the wait, but not what is waited for.
while :; do
	wait "$command"
	status=$?
	kill -0 "$command" 2>/dev/null || exit "$status"
done
`;

/** Names that a shell takes for variables; it does not hand on any others. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Puts a shell in this process's place, if it is process 1, and runs this command line anew below it. Returns where
 * there is nothing to do or no way to do it: without a shell, on a Node that cannot replace itself, and with variables
 * that a shell would lose.
 */
export function leaveProcessOne({ commandLine, env, pid, replace }: CommandIo): void {
	if (pid !== 1 || !Object.keys(env).every((name) => SHELL_NAME.test(name))) return;
	replace(SHELL, ["sh", "-c", INIT_SCRIPT, "clef-agent", ...commandLine]);
}
