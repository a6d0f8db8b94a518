import { vectorKeys } from "@clef-sh/testkit/vectors";
import { ServedAgent } from "../served-agent.js";
import { ChaosViolation } from "./belief.js";
import type { Opening } from "./check.js";
import { tells } from "./instance.js";

const TOKEN = "chaos-token-of-enough-characters";
/** An orchestrator may kill after this. */
const STOP_WITHIN_MS = 5_000;

/** The built command as a process, and what must hold of it whatever happens. */
export class ChaosCommand {
	readonly #agent: ServedAgent;
	#isExpectedToEnd = false;

	private constructor(agent: ServedAgent) {
		this.#agent = agent;
	}

	/** Starts it on this port and waits until it listens. */
	static async listening(port: number, env: Readonly<Record<string, string>>): Promise<ChaosCommand> {
		const agent = await ServedAgent.start({
			CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
			CLEF_AGENT_PORT: String(port),
			CLEF_AGENT_TOKEN: TOKEN,
			CLEF_AGENT_LOG_LEVEL: "debug",
			...env,
		});
		return new ChaosCommand(agent);
	}

	signal(signal: NodeJS.Signals): void {
		if (!this.#agent.isAlive) throw new ChaosViolation(`the process has ended by itself: ${this.#lastWords}`);
		this.#agent.signal(signal);
	}

	/** SIGTERM must end it with status 0, in time. */
	async stop(): Promise<void> {
		if (!this.#agent.isAlive) throw new ChaosViolation(`the process has ended by itself: ${this.#lastWords}`);
		this.#isExpectedToEnd = true;
		const { status, signal, afterMs } = await this.#agent.stop();
		if (status !== 0)
			throw new ChaosViolation(`SIGTERM ended it with ${status ?? signal}: ${this.#lastWords}`);
		if (afterMs > STOP_WITHIN_MS) throw new ChaosViolation(`SIGTERM took ${afterMs} ms`);
		this.assertSilent();
	}

	/** Ends it whatever it does. */
	async kill(): Promise<void> {
		this.#isExpectedToEnd = true;
		await this.#agent.stop("SIGKILL");
		this.assertSilent();
	}

	/** What a reader gets now. */
	async open(): Promise<Opening> {
		const { headers, status, text } = await this.#get("/v1/secrets");
		if (status === 200) return { served: `${headers.get("etag")?.slice(1, -1)} ${text}`, code: undefined };
		if (status !== 503 || tells(text)) throw new ChaosViolation(`a reader got ${status} ${text}`);
		const { code } = JSON.parse(text) as { code: string };
		return { served: undefined, code: code.startsWith("DECRYPT") ? "DECRYPT" : code };
	}

	/** Asserts that it lives and that what it says of itself is in order. */
	async assertHealth(): Promise<void> {
		const { status, text } = await this.#get("/v1/health");
		const health = JSON.parse(text) as { status: string; state: string };
		if (status !== 200 || health.status !== "ok") throw new ChaosViolation(`health says ${status}`);
	}

	/** The log must not tell a secret, nor of a crash. */
	assertSilent(): void {
		const { log } = this.#agent;
		if (tells(log) || log.includes(TOKEN)) throw new ChaosViolation("the log tells a secret");
		if (/\n\s+at /.test(log)) throw new ChaosViolation(`the log has a stack: ${this.#lastWords}`);
		if (!this.#agent.isAlive && !this.#isExpectedToEnd)
			throw new ChaosViolation(`it ended: ${this.#lastWords}`);
	}

	get #lastWords(): string {
		return this.#agent.log.slice(-2_000);
	}

	#get(path: string) {
		return this.#agent.get(path, { authorization: `Bearer ${TOKEN}` });
	}
}
