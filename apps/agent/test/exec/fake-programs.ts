import { EventEmitter, once } from "node:events";
import type { CommandIo, ProgramEnd, RunningProgram } from "../../src/command-io.js";

/** A program that a test ends. */
export interface FakeProgram extends RunningProgram {
	readonly program: string;
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	readonly ownGroup: boolean;
	/** What it was sent, `group` in front of what went to its group. */
	readonly received: readonly string[];
	end(how: ProgramEnd): void;
	/** What of its group still runs when it has ended. */
	leaves: "nothing" | "what ends at SIGTERM" | "what does not";
	/** Resolves when it was sent this. */
	receives(signal: string): Promise<void>;
}

/** Starts programs that do nothing, and remembers them. */
export class FakePrograms {
	readonly started: FakeProgram[] = [];
	readonly #starts = new EventEmitter();

	readonly start: CommandIo["start"] = async (program, args, options) => {
		const fake = fakeProgram(program, args, options);
		this.started.push(fake);
		this.#starts.emit("start");
		return fake;
	};

	/** Resolves when as many were started, with the last of them. */
	async nth(count: number): Promise<FakeProgram> {
		for (;;) {
			const program = this.started[count - 1];
			if (program !== undefined) return program;
			await once(this.#starts, "start");
		}
	}
}

function fakeProgram(
	program: string,
	args: readonly string[],
	{ env, ownGroup }: Parameters<CommandIo["start"]>[2],
): FakeProgram {
	const events = new EventEmitter();
	const received: string[] = [];
	const receive = (signal: string): void => {
		received.push(signal);
		events.emit("received");
	};
	const fake: FakeProgram = {
		...{ program, args, env, ownGroup, received },
		leaves: "nothing",
		ended: new Promise((resolve) => events.once("end", resolve)),
		signal: receive,
		signalGroup: (signal) => {
			receive(`group ${signal}`);
			if (signal === "SIGKILL" || (signal === "SIGTERM" && fake.leaves === "what ends at SIGTERM")) {
				fake.leaves = "nothing";
			}
		},
		groupLives: () => fake.leaves !== "nothing",
		end: (how) => events.emit("end", how),
		receives: async (signal) => {
			while (!received.includes(signal)) await once(events, "received");
		},
	};
	return fake;
}
