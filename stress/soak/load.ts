import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { TOKEN } from "./agent.js";
import type { Message, Phase, Tally } from "./client.js";

const clientPath = fileURLToPath(new URL("client.js", import.meta.url));

/** The client process: many connections that ask as fast as they are answered, and a few slow readers. */
export class SoakLoad {
	/** What the first failures were, one sentence each. */
	readonly failures: string[] = [];
	/** When each revision was first seen, in milliseconds of the machine's monotonic clock. */
	readonly firstServedMs = new Map<number, number>();
	readonly #client: ChildProcess;
	readonly #exited: Promise<unknown>;
	readonly #awaited = new Map<Phase, () => void>();
	#tally: Tally | undefined;

	constructor(port: number, connections: number) {
		this.#client = fork(clientPath, [String(port), String(connections)], {
			// What the test runner was started with is not for its children.
			execArgv: [],
			env: { SOAK_TOKEN: TOKEN },
		});
		this.#exited = once(this.#client, "exit");
		this.#client.on("message", (message: Message) => this.#note(message));
	}

	/** Whether something was wrong, or the client itself is gone. */
	get hasFailed(): boolean {
		return this.failures.length > 0 || this.#client.exitCode !== null;
	}

	/** Asks the client for a phase of the end; resolves when it has come to it. */
	async enter(phase: Phase): Promise<void> {
		const reached = new Promise<void>((resolve) => this.#awaited.set(phase, resolve));
		this.#client.send(phase);
		await Promise.race([reached, this.#exited]);
	}

	/** What was counted, once the agent refuses every connection. */
	async finished(): Promise<Tally> {
		await this.#exited;
		if (this.#tally === undefined) throw new TypeError("the client ended without a tally");
		return this.#tally;
	}

	kill(): void {
		this.#client.kill("SIGKILL");
	}

	#note(message: Message): void {
		if (message.kind === "reached") this.#awaited.get(message.phase)?.();
		else if (message.kind === "tally") this.#tally = message.tally;
		else if (message.kind === "failed") this.failures.push(message.problem);
		else this.firstServedMs.set(message.revision, message.atMs);
	}
}
