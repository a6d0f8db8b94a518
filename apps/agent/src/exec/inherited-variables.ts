import type { CommandIo } from "../command-io.js";

/** What tells the agent who its service manager is: the agent is the service, and the command a part of it. */
const OF_THE_SERVICE: ReadonlySet<string> = new Set(["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"]);

/** What a command inherits: everything but the agent's own configuration, and with it the agent's credentials. */
export function inheritedVariables(env: CommandIo["env"]): Record<string, string> {
	const inherited: Record<string, string> = Object.create(null);
	for (const [name, value] of Object.entries(env)) {
		if (value === undefined || name.startsWith("CLEF_AGENT_") || OF_THE_SERVICE.has(name)) continue;
		inherited[name] = value;
	}
	return inherited;
}
