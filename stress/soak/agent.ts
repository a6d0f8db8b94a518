import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { nowMs } from "./http.js";

const commandPath = fileURLToPath(new URL("../../apps/agent/dist/clef-agent.js", import.meta.url));
const READY_WITHIN_MS = 15_000;

/** The token the agent asks for. */
export const TOKEN = "soak-token-of-enough-characters";

/** One line of the agent's log. */
export interface LogLine {
	readonly level: string;
	readonly message: string;
	readonly event?: string;
}

/** How the agent ended. */
export interface Exit {
	readonly status: number | null;
	readonly signal: NodeJS.Signals | null;
	/** When the signal was sent, by the machine's monotonic clock. */
	readonly signalledMs: number;
	readonly afterMs: number;
}

/** What the system says of the agent's process at one moment. */
export interface Usage {
	readonly rssMib: number;
	/** Open file descriptors. */
	readonly descriptors: number;
}

/** The built command as a process, with JSON logs. */
export class SoakAgent {
	readonly port: number;
	readonly #child: ChildProcess;
	readonly #exited: Promise<[number | null, NodeJS.Signals | null]>;
	#stderr = "";

	private constructor(child: ChildProcess, port: number) {
		this.port = port;
		this.#child = child;
		this.#exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#stderr += text;
		});
	}

	/** Starts it on a port with the golden vectors' keys, and waits until it serves. */
	static async ready(port: number, env: Readonly<Record<string, string>>): Promise<SoakAgent> {
		const { PATH = "", HOME = "" } = process.env;
		const child = spawn(process.execPath, [commandPath], {
			stdio: ["ignore", "ignore", "pipe"],
			env: {
				PATH,
				HOME,
				CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
				CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
				CLEF_AGENT_LOG_FORMAT: "json",
				CLEF_AGENT_PORT: String(port),
				CLEF_AGENT_TOKEN: TOKEN,
				...env,
			},
		});
		const agent = new SoakAgent(child, port);
		await agent.#answersReady();
		return agent;
	}

	/** Everything it wrote to its log. */
	get stderr(): string {
		return this.#stderr;
	}

	get log(): readonly LogLine[] {
		return this.#stderr
			.split("\n")
			.filter(Boolean)
			.map((line) => JSON.parse(line));
	}

	/** Undefined where there is no /proc, and once the process is gone. */
	usage(): Usage | undefined {
		const { pid } = this.#child;
		const folder = `/proc/${pid}`;
		if (this.#child.exitCode !== null || !existsSync(`${folder}/status`)) return undefined;
		const rssKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${folder}/status`, "utf8"))?.[1]);
		return { rssMib: rssKib / 1024, descriptors: readdirSync(`${folder}/fd`).length };
	}

	signal(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}

	/** Sends a signal and waits for the end. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
		const signalledMs = nowMs();
		this.#child.kill(signal);
		const [status, by] = await this.#exited;
		return { status, signal: by, signalledMs, afterMs: nowMs() - signalledMs };
	}

	async #answersReady(): Promise<void> {
		const deadline = performance.now() + READY_WITHIN_MS;
		for (;;) {
			const answer = await fetch(`http://127.0.0.1:${this.port}/v1/ready`, {
				headers: { connection: "close" },
			}).catch(() => undefined);
			await answer?.body?.cancel();
			if (answer?.status === 200) return;
			if (this.#child.exitCode !== null || performance.now() > deadline) {
				throw new RangeError(`the agent is not ready: ${this.#stderr}`);
			}
			await pause(20);
		}
	}
}
