import type { CommandIo, ProgramEnd, RunningProgram } from "../command-io.js";
import type { Log } from "../log.js";
import { printable } from "../printable.js";
import type { Variables } from "./secret-variables.js";
import { statusOfSignal } from "./signal-relay.js";
import { startFailure } from "./start-failure.js";

/** What it takes to run a command. */
export interface CommandParts {
	readonly program: string;
	readonly args: readonly string[];
	/** Time between SIGTERM and SIGKILL. */
	readonly graceSeconds: number;
	readonly io: Pick<CommandIo, "after" | "cwd" | "isInteractive" | "start">;
	readonly log: Log;
}

/** How often what a command left behind is looked for while it has time to end. */
const LOOK_MS = 50;

/**
 * A command that runs until it ends by itself or is stopped, and that can be started again in between with another
 * environment.
 */
export class SupervisedCommand {
	readonly #parts: CommandParts;
	#running: RunningProgram | undefined;
	/** Resolves when the running program has had its time; undefined while nobody told it to end. */
	#graceOver: Promise<unknown> | undefined;
	/** What it is started with next. */
	#next: Variables | undefined;
	#stoppedBy: NodeJS.Signals | undefined;

	constructor(parts: CommandParts) {
		this.#parts = parts;
	}

	/** Runs it to its last end, and resolves with the exit status that a shell would give. `started` is told each start. */
	run(env: Variables, started: () => void): Promise<number> {
		this.#next = env;
		return this.#runOn(started);
	}

	/** Ends the program and starts it again with this environment. */
	replace(env: Variables): void {
		this.#next = env;
		if (this.#graceOver === undefined) this.#terminate();
	}

	/** Hands on a signal; SIGTERM ends the command for good, by SIGKILL if need be. */
	readonly pass = (signal: NodeJS.Signals): void => {
		if (signal !== "SIGTERM") {
			this.#running?.signal(signal);
			return;
		}
		const { graceSeconds, log, program } = this.#parts;
		log.info(`SIGTERM: ${printable(program)} has ${graceSeconds} s (--grace) to end`, {
			event: "agent.stopping",
		});
		this.stop();
	};

	/** SIGTERM now, SIGKILL after the grace period. */
	stop(): void {
		this.#stoppedBy = "SIGTERM";
		this.#terminate();
	}

	async #runOn(started: () => void): Promise<number> {
		while (this.#stoppedBy === undefined) {
			const running = await this.#start();
			started();
			const end = await running.ended;
			this.#running = undefined;
			this.#sayIfKilled(end);
			if (this.#graceOver !== undefined) await this.#endRemains(running, this.#graceOver);
			if (this.#next === undefined || this.#stoppedBy !== undefined) return statusOf(end);
		}
		return statusOfSignal(this.#stoppedBy);
	}

	/** When it returns, nothing here holds the environment any more. */
	async #start(): Promise<RunningProgram> {
		const { args, io, program } = this.#parts;
		const env = this.#next ?? {};
		this.#next = undefined;
		this.#graceOver = undefined;
		try {
			// In front of a terminal only a program of the group in its foreground may read from it.
			this.#running = await io.start(program, args, { cwd: io.cwd, env, ownGroup: !io.isInteractive });
		} catch (cause) {
			throw startFailure(program, env, cause);
		}
		// It may have been told while it was being started.
		if (this.#stoppedBy !== undefined || this.#next !== undefined) this.#terminate();
		return this.#running;
	}

	#sayIfKilled(end: ProgramEnd): void {
		if (!("signal" in end)) return;
		const { log, program } = this.#parts;
		log.info(`${printable(program)} was ended by ${end.signal}`, { event: "command.signalled" });
	}

	/** To the program alone: what it started, it will tell, and being told twice can mean to hurry. */
	#terminate(): void {
		const running = this.#running;
		if (running === undefined) return;
		running.signal("SIGTERM");
		// Told twice, it still has the time it had.
		this.#graceOver ??= this.#killLater(running);
	}

	async #killLater(running: RunningProgram): Promise<void> {
		const { graceSeconds, io, log, program } = this.#parts;
		await io.after(graceSeconds * 1_000);
		if (this.#running !== running) return;
		log.warn(`${printable(program)} did not end within ${graceSeconds} s (--grace): killing it`, {
			event: "command.killed",
		});
		running.signalGroup("SIGKILL");
		running.signal("SIGKILL");
	}

	/** What is left of its process group would hold its ports and its secrets: it gets the rest of the time. */
	async #endRemains(ended: RunningProgram, graceOver: Promise<unknown>): Promise<void> {
		if (!ended.groupLives()) return;
		ended.signalGroup("SIGTERM");
		let isOver = false;
		void graceOver.then(() => {
			isOver = true;
		});
		while (!isOver && ended.groupLives()) await this.#parts.io.after(LOOK_MS);
		ended.signalGroup("SIGKILL");
	}
}

function statusOf(end: ProgramEnd): number {
	return "signal" in end ? statusOfSignal(end.signal) : end.status;
}
