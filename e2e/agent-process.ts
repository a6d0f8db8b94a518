import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import { commandForAnybody, commandPath, inherited } from "./command.js";
import { expectDocumented } from "./documented.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";

/** One line of the agent's log. */
export type LogLine = Readonly<Record<string, unknown>> & {
	readonly level: string;
	readonly message: string;
};

/** How the agent is started. */
export interface StartOptions {
	/** Another Node than the one the tests run on. */
	readonly node?: string;
	readonly nodeArgs?: readonly string[];
	/** The file that is started; default: the built command. */
	readonly program?: string;
	readonly cwd?: string;
	/** Another user than the tests', with a group of the same number. */
	readonly user?: number | undefined;
	/** Leaves it to the agent to find a token. */
	readonly withoutToken?: boolean;
	/** Leaves out the golden vectors' age key. */
	readonly withoutAgeKey?: boolean;
}

/** How a process ended. */
export interface Exit {
	readonly status: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly afterMs: number;
}

/** The token agents are started with unless a test says otherwise. */
export const TOKEN = "e2e-token-of-enough-characters";

/** Long enough not to appear in a log by chance. */
const SECRET_VALUES = Object.values(vectorSecrets)
	.flatMap((namespace) => Object.values(namespace))
	.filter((value) => value.length > 8);

/** The built command, serving, with JSON logs. */
export class AgentProcess {
	readonly url: string;
	readonly port: number;
	readonly #child: ChildProcess;
	readonly #exited: Promise<[number | null, NodeJS.Signals | null]>;
	#stderr = "";

	private constructor(child: ChildProcess, port: number) {
		this.#child = child;
		this.port = port;
		this.url = `http://127.0.0.1:${port}`;
		this.#exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#stderr += text;
		});
	}

	/** Spawns the agent with the golden vectors' age key and a free port; it may not listen yet. */
	static async spawn(
		env: Readonly<Record<string, string>>,
		options: StartOptions = {},
	): Promise<AgentProcess> {
		const { node = process.execPath, nodeArgs = [], cwd, withoutToken, withoutAgeKey } = options;
		const { user, program = user === undefined ? commandPath : commandForAnybody() } = options;
		const port = Number(env.CLEF_AGENT_PORT ?? (await freePort()));
		const child = spawn(node, [...nodeArgs, program], {
			cwd,
			...(user !== undefined && { uid: user, gid: user }),
			stdio: ["ignore", "ignore", "pipe"],
			env: {
				...inherited(),
				...(withoutAgeKey ? {} : { CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey }),
				CLEF_AGENT_PORT: String(port),
				...(withoutToken ? {} : { CLEF_AGENT_TOKEN: TOKEN }),
				...env,
			},
		});
		const agent = new AgentProcess(child, port);
		onTestFinished(async () => {
			child.kill("SIGKILL");
			await agent.#exited;
			agent.#assertNothingLeaked();
		});
		return agent;
	}

	/** Spawns the agent and waits until it listens. */
	static async listening(
		env: Readonly<Record<string, string>>,
		options?: StartOptions,
	): Promise<AgentProcess> {
		const agent = await AgentProcess.spawn(env, options);
		await agent.logged("listening");
		return agent;
	}

	/** Spawns the agent and waits until it serves secrets. */
	static async ready(env: Readonly<Record<string, string>>, options?: StartOptions): Promise<AgentProcess> {
		const agent = await AgentProcess.listening(env, options);
		await eventually(`ready: ${agent.stderr}`, async () => (await agent.get("/v1/ready")).status === 200);
		return agent;
	}

	get stderr(): string {
		return this.#stderr;
	}

	/** The log so far; lines that are no JSON fail the test. */
	get log(): readonly LogLine[] {
		const complete = this.#stderr.slice(0, this.#stderr.lastIndexOf("\n") + 1);
		return complete
			.split("\n")
			.filter(Boolean)
			.map((line) => JSON.parse(line));
	}

	/** Warnings so far, but for the one that is about who runs the tests. */
	get warnings(): readonly LogLine[] {
		return this.log.filter(({ event, level }) => level === "WARN" && event !== "process.root");
	}

	/** Waits for a line with this event, and these fields if given. */
	logged(event: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
		const wanted = Object.entries({ event, ...fields });
		return eventually(`${event} in the log, which has: ${this.#stderr}`, () => {
			if (this.#child.exitCode !== null) throw new RangeError(`the agent has ended: ${this.#stderr}`);
			return this.log.find((line) => wanted.every(([name, value]) => line[name] === value));
		});
	}

	/** Waits for a line with this event whose sentence matches. */
	warned(event: string, sentence: RegExp): Promise<LogLine> {
		return eventually(`${sentence} in the log, which has: ${this.#stderr}`, () =>
			this.log.find((line) => line.event === event && sentence.test(line.message)),
		);
	}

	/** A request with the token; its answer must be as the OpenAPI document says. */
	async ask(method: "GET" | "HEAD" | "POST", path: string, headers: Readonly<Record<string, string>> = {}) {
		const response = await fetch(this.url + path, {
			method,
			// A kept connection may belong to an agent before this one, which had the same port.
			headers: { authorization: `Bearer ${TOKEN}`, connection: "close", ...headers },
		});
		const text = await response.text();
		const { status, headers: received, url } = response;
		const all = Object.fromEntries(received);
		expectDocumented({ method, path: new URL(url).pathname, status, headers: all, body: text });
		return { status, headers: received, text, json: () => JSON.parse(text) };
	}

	/** The same, to read. */
	get(path: string, headers: Readonly<Record<string, string>> = {}) {
		return this.ask("GET", path, headers);
	}

	/** What the agent serves, or the code and reason for which it does not. */
	async secrets(): Promise<unknown> {
		const { status, json } = await this.get("/v1/secrets");
		return status === 200 ? json() : { status, ...json() };
	}

	/** Waits until the agent serves exactly this. */
	serves(secrets: unknown): Promise<boolean> {
		return eventually(`serving ${JSON.stringify(secrets)}; the log has ${this.#stderr}`, async () =>
			expect.objectContaining(Object(secrets)).asymmetricMatch(await this.secrets()),
		);
	}

	/** The most memory it has used so far; on Linux only, elsewhere 0. */
	peakMemoryBytes(): number {
		if (process.platform !== "linux") return 0;
		const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
		return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
	}

	/** The memory it uses now; on Linux only, elsewhere 0. */
	residentBytes(): number {
		if (process.platform !== "linux") return 0;
		const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
		return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
	}

	/** How many sockets it has open; on Linux only, elsewhere 0. */
	openSockets(): number {
		if (process.platform !== "linux") return 0;
		const folder = `/proc/${this.#child.pid}/fd`;
		return readdirSync(folder).filter((fd) => isSocket(join(folder, fd))).length;
	}

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

	/** Waits for an end that nobody asked for. */
	async ended(): Promise<Exit> {
		const [status, signal] = await this.#exited;
		return { status, signal, afterMs: 0 };
	}

	#assertNothingLeaked(): void {
		for (const secret of [...SECRET_VALUES, TOKEN, vectorKeys.ageSecretKey]) {
			expect(this.#stderr).not.toContain(secret);
		}
	}
}

/** Whether a descriptor is one; it may be gone by now. */
function isSocket(descriptor: string): boolean {
	try {
		return readlinkSync(descriptor).startsWith("socket:");
	} catch {
		return false;
	}
}
