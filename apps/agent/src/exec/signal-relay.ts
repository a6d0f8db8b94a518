import { constants } from "node:os";
import type { ProcessEvents } from "../command-io.js";

/** Those that end a program which does not listen for them: what they do before the command runs. */
const ENDING: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];

/** What a terminal sends to every process of the group in its foreground, so that the command has it already. */
const OF_THE_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

const ALWAYS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];

/** In front of a terminal the agent is stopped and continued beside the command, and has no use for the size. */
const WITHOUT_TERMINAL: readonly NodeJS.Signals[] = ["SIGTSTP", "SIGCONT", "SIGWINCH"];

/** Takes the signals that are meant for the command, from the moment it is made. */
export class SignalRelay {
	/** Resolves with the first signal that came before there was a command, and would have ended it. */
	readonly stopped: Promise<NodeJS.Signals>;
	#receive: ((signal: NodeJS.Signals) => void) | undefined;

	/** `isInteractive`: the command shares the agent's process group, and a terminal sends to both. */
	constructor(process: ProcessEvents, isInteractive: boolean) {
		this.stopped = new Promise((resolve) => {
			const taken = [...ALWAYS, ...OF_THE_TERMINAL, ...(isInteractive ? [] : WITHOUT_TERMINAL)];
			for (const signal of taken) {
				process.on(signal, () => {
					if (this.#receive === undefined) {
						if (ENDING.includes(signal)) resolve(signal);
					} else if (!isInteractive || !OF_THE_TERMINAL.includes(signal)) this.#receive(signal);
				});
			}
		});
	}

	/** From now on signals go there. */
	to(receive: (signal: NodeJS.Signals) => void): void {
		this.#receive = receive;
	}
}

/** The exit status by which a shell tells that a signal ended a program. */
export function statusOfSignal(signal: NodeJS.Signals): number {
	return 128 + constants.signals[signal];
}
