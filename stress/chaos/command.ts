import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { ChaosViolation } from "./belief.js";
import type { Opening } from "./check.js";
import { tells } from "./instance.js";

const COMMAND = fileURLToPath(new URL("../../apps/agent/dist/clef-agent.js", import.meta.url));
const TOKEN = "chaos-token-of-enough-characters";
/** An orchestrator may kill after this. */
const STOP_WITHIN_MS = 5_000;
const START_WITHIN_MS = 20_000;
const ANSWER_WITHIN_MS = 30_000;

/** The built command as a process, serving on a port of its own. */
export class ChaosCommand {
	readonly #child: ChildProcess;
	readonly #exited: Promise<unknown>;
	readonly #port: number;
	#log = "";
	#isExpectedToEnd = false;

	private constructor(child: ChildProcess, port: number) {
		this.#child = child;
		this.#port = port;
		this.#exited = once(child, "exit");
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#log += text;
		});
	}

	/** Spawns it and waits until it listens. */
	static async listening(port: number, env: Readonly<Record<string, string>>): Promise<ChaosCommand> {
		const { PATH = "", HOME = "" } = process.env;
		const child = spawn(process.execPath, [COMMAND], {
			stdio: ["ignore", "ignore", "pipe"],
			env: {
				PATH,
				HOME,
				CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
				CLEF_AGENT_PORT: String(port),
				CLEF_AGENT_TOKEN: TOKEN,
				CLEF_AGENT_LOG_FORMAT: "json",
				CLEF_AGENT_LOG_LEVEL: "debug",
				...env,
			},
		});
		const command = new ChaosCommand(child, port);
		const deadline = Date.now() + START_WITHIN_MS;
		while (!command.#log.includes('"event":"listening"')) {
			if (Date.now() > deadline || child.exitCode !== null)
				throw new ChaosViolation(`the command does not start: ${command.#log}`);
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		return command;
	}

	signal(signal: NodeJS.Signals): void {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null)
			throw new ChaosViolation(`the process has ended by itself: ${this.#log.slice(-2_000)}`);
		this.#child.kill(signal);
	}

	/** SIGTERM must end it with status 0, in time. */
	async stop(): Promise<void> {
		const started = performance.now();
		this.#isExpectedToEnd = true;
		this.signal("SIGTERM");
		await this.#exited;
		const ms = performance.now() - started;
		const status = this.#child.exitCode ?? this.#child.signalCode;
		if (status !== 0) throw new ChaosViolation(`SIGTERM ended it with ${status}: ${this.#log.slice(-2_000)}`);
		if (ms > STOP_WITHIN_MS) throw new ChaosViolation(`SIGTERM took ${ms} ms`);
		this.assertSilent();
	}

	/** Ends it whatever it does. */
	async kill(): Promise<void> {
		this.#isExpectedToEnd = true;
		this.#child.kill("SIGKILL");
		await this.#exited;
		this.assertSilent();
	}

	/** What a reader gets now. */
	async open(): Promise<Opening> {
		const { body, headers, status } = await this.#get("/v1/secrets");
		const text = new TextDecoder().decode(body);
		if (status === 200) return { served: `${headers.get("etag")?.slice(1, -1)} ${text}`, code: undefined };
		if (status !== 503 || tells(text)) throw new ChaosViolation(`a reader got ${status} ${text}`);
		const { code } = JSON.parse(text) as { code: string };
		return { served: undefined, code: code.startsWith("DECRYPT") ? "DECRYPT" : code };
	}

	/** Asserts that it lives and that what it says of itself is in order. */
	async assertHealth(): Promise<void> {
		const { body, status } = await this.#get("/v1/health");
		const health = JSON.parse(new TextDecoder().decode(body)) as { status: string; state: string };
		if (status !== 200 || health.status !== "ok") throw new ChaosViolation(`health says ${status}`);
	}

	/** The log must not tell a secret, nor of a crash. */
	assertSilent(): void {
		if (tells(this.#log) || this.#log.includes(TOKEN)) throw new ChaosViolation("the log tells a secret");
		if (/\n\s+at /.test(this.#log))
			throw new ChaosViolation(`the log has a stack: ${this.#log.slice(-2_000)}`);
		const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
		if (hasEnded && !this.#isExpectedToEnd) throw new ChaosViolation(`it ended: ${this.#log.slice(-2_000)}`);
	}

	async #get(path: string) {
		const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
			// A kept connection may belong to a process before this one.
			headers: { authorization: `Bearer ${TOKEN}`, connection: "close" },
			signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
		});
		const body = new Uint8Array(await response.arrayBuffer());
		return { status: response.status, headers: response.headers, body };
	}
}
