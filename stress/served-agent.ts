import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
// @boundaries-ignore ports are found in one way everywhere
import { freePort } from "../scripts/free-port.js";

/** How a process ended. */
export interface Exit {
	readonly status: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly afterMs: number;
}

/** One line of its log. */
export interface LogLine {
	readonly level: string;
	readonly message: string;
	readonly event?: string;
}

const COMMAND = fileURLToPath(new URL("../apps/agent/dist/clef-agent.js", import.meta.url));
const WITHIN_MS = 30_000;
const EVERY_MS = 20;
const KILOBYTE = 1_024;

/** The built command as a process of its own, serving on a free port, with its log as JSON. */
export class ServedAgent {
	readonly port: number;
	readonly url: string;
	readonly #child: ChildProcess;
	readonly #exited: Promise<readonly [number | null, NodeJS.Signals | null]>;
	#log = "";

	private constructor(child: ChildProcess, port: number) {
		this.#child = child;
		this.port = port;
		this.url = `http://127.0.0.1:${port}`;
		this.#exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#log += text;
		});
	}

	/** Starts the command with these variables, and waits until it listens; the caller stops it. */
	static async start(env: Readonly<Record<string, string>>): Promise<ServedAgent> {
		const port = Number(env.CLEF_AGENT_PORT ?? (await freePort()));
		const { PATH = "", HOME = "" } = process.env;
		const child = spawn(process.execPath, [COMMAND], {
			stdio: ["ignore", "ignore", "pipe"],
			// Nothing else is inherited: what a machine has set must not change what is measured.
			env: { PATH, HOME, CLEF_AGENT_PORT: String(port), ...env },
		});
		const agent = new ServedAgent(child, port);
		try {
			await agent.waitUntil("listening", () => agent.log.includes('"event":"listening"'));
			return agent;
		} catch (error) {
			await agent.stop("SIGKILL");
			throw error;
		}
	}

	/** Everything it has written to its log. */
	get log(): string {
		return this.#log;
	}

	/** The complete lines of its log. */
	get logLines(): readonly LogLine[] {
		return this.#log
			.slice(0, this.#log.lastIndexOf("\n") + 1)
			.split("\n")
			.filter(Boolean)
			.map((line) => JSON.parse(line));
	}

	/** Whether the process is still there. */
	get isAlive(): boolean {
		return this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** The memory of the process that is in RAM, in bytes; Linux only. */
	residentBytes(): number {
		const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
		return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * KILOBYTE;
	}

	/** How many files and connections the process has open; Linux only. */
	descriptors(): number {
		return readdirSync(`/proc/${this.#child.pid}/fd`).length;
	}

	/** Waits until `/v1/ready` says so. */
	async ready(): Promise<void> {
		await this.waitUntil("ready", async () => (await this.get("/v1/ready")).status === 200);
	}

	/** A request on a connection of its own. */
	async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
		const response = await fetch(this.url + path, {
			headers: { connection: "close", ...headers },
			signal: AbortSignal.timeout(WITHIN_MS),
		});
		return { status: response.status, headers: response.headers, text: await response.text() };
	}

	/** Rejects with the log when it does not become true soon, or the process ends. */
	async waitUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
		const deadline = Date.now() + WITHIN_MS;
		while (!(await isSo())) {
			if (!this.isAlive) throw new RangeError(`The agent ended before it was ${what}: ${this.#log}`);
			if (Date.now() > deadline) throw new RangeError(`The agent was not ${what} in time: ${this.#log}`);
			await pause(EVERY_MS);
		}
	}

	/** Sends a signal without waiting. */
	signal(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}

	/** Sends a signal and waits for the end. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
		const started = performance.now();
		this.#child.kill(signal);
		const [status, by] = await this.#exited;
		return { status, signal: by, afterMs: performance.now() - started };
	}
}

/** What came back. */
export interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
}
