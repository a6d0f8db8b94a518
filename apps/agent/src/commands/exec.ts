import type { CommandIo } from "../command-io.js";
import { parseExecOptions } from "../exec/exec-options.js";
import { Execution } from "../exec/execution.js";
import { SignalRelay } from "../exec/signal-relay.js";
import { SupervisedCommand } from "../exec/supervised-command.js";
import { setUpServing } from "../serving-setup.js";

/**
 * `clef-agent exec -- COMMAND`: runs a command with the secrets in its environment and returns its exit status.
 * `signals` may already have seen one.
 */
export async function exec(
	args: readonly string[],
	io: CommandIo,
	signals: SignalRelay = new SignalRelay(io.process, io.isInteractive),
): Promise<number> {
	const options = parseExecOptions(args);
	const setup = setUpServing(options.serves ? io : withoutToken(io));
	const command = new SupervisedCommand({ ...options, io, log: setup.log });
	const crashed = setup.crashed.then((status) => {
		// The service fails with its agent, and must not go on without one.
		command.stop();
		return status;
	});
	// While it waits, there may be nothing else that Node waits for.
	const release = io.keepAlive();
	try {
		const ended = new Execution({ options, setup, command, io, signals }).run();
		const status = await Promise.race([ended, crashed]);
		// After a crash too, the command gets the time it has for ending.
		await ended;
		return status;
	} finally {
		release();
	}
}

/** Without an API there is no token to generate, and no file to write it to. */
function withoutToken(io: CommandIo): CommandIo {
	const { CLEF_AGENT_TOKEN: _, CLEF_AGENT_TOKEN_FILE: __, ...env } = io.env;
	return { ...io, env };
}
