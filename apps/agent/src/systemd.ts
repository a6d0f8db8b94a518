import type { Clock } from "@clef-sh/core";
import type { CommandIo } from "./command-io.js";
import type { Log } from "./log.js";
import { ServiceManager } from "./service-manager.js";

/** Systemd's own program: Node has no datagram sockets of the kind that systemd listens on. */
const PROGRAM = "systemd-notify";

/** The service manager that started this process, if it wants to hear of it. */
export function serviceManager(
	io: CommandIo,
	clock: Pick<Clock, "setTimeout">,
	log: Log,
): ServiceManager | undefined {
	const { NOTIFY_SOCKET: socket, PATH: path = "" } = io.env;
	if (!socket) return undefined;
	return new ServiceManager({
		// Nothing else of the environment is the program's business.
		notify: (assignments) => io.execute(PROGRAM, assignments, { NOTIFY_SOCKET: socket, PATH: path }),
		clock,
		monotonicMicroseconds: io.monotonicMicroseconds,
		watchdogMs: watchdogMs(io),
		onFailure: (error) => log.warn(problem(error), { event: "service_manager.unreachable" }),
	});
}

/** Half of what the manager waits for; undefined when it does not, or waits for another process. */
function watchdogMs({ env, pid }: CommandIo): number | undefined {
	const { WATCHDOG_PID: watched, WATCHDOG_USEC: microseconds = "" } = env;
	if (watched && watched !== String(pid)) return undefined;
	if (!/^[1-9]\d{0,15}$/.test(microseconds)) return undefined;
	return Math.max(1, Math.floor(Number(microseconds) / 2_000));
}

function problem(error: unknown): string {
	const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
	const why = isMissing ? `${PROGRAM} is not on PATH` : `${PROGRAM} failed`;
	const hint = isMissing
		? "install it, or use Type=exec without WatchdogSec="
		: "see that the agent's user may write to that socket";
	return `NOTIFY_SOCKET is set but cannot be used: ${why}; ${hint}. The agent serves all the same.`;
}
