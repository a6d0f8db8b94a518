import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { onTestFinished } from "vitest";
import type { LogLine } from "./agent-process.js";
import { commandPath, inherited } from "./command.js";
import { eventually } from "./eventually.js";
import { temporaryFolder } from "./temporary-folder.js";

/** Where artifacts are published, and what an agent needs to read them. */
export interface ExecStage {
	readonly folder: string;
	readonly source: string;
	readonly env: Readonly<Record<string, string>>;
	/** Puts an artifact with these secrets in the place of the one before, in one step. */
	publish(secrets: object): Promise<void>;
}

/** How the command is started. */
export interface ExecOptions {
	readonly env?: Readonly<Record<string, string>>;
	/** What starts Node, such as `unshare`, with its arguments. */
	readonly before?: readonly string[];
	/** What runs the agent; default: the built command on this Node. */
	readonly agent?: readonly string[];
	readonly stdin?: string;
}

/** A folder with an artifact of these secrets; undefined leaves it without one. */
export async function execStage(secrets?: object): Promise<ExecStage> {
	const folder = temporaryFolder();
	const source = join(folder, "artifact.json");
	let published = 0;
	const publish = async (next: object): Promise<void> => {
		published += 1;
		const packedAt = new Date(Date.now() - 60_000 + published * 1_000).toISOString();
		const bytes = await sealArtifact({ secrets: next, revision: `r${published}`, packedAt });
		writeFileSync(`${source}.new`, bytes);
		renameSync(`${source}.new`, source);
	};
	if (secrets !== undefined) await publish(secrets);
	const env = {
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	};
	return { folder, source, env, publish };
}

/** `clef-agent exec`, with what its command writes. */
export class ExecProcess {
	readonly #child: ChildProcess;
	readonly #exited: Promise<[number | null, NodeJS.Signals | null]>;
	#stdout = "";
	#stderr = "";

	/** `args` is what follows `exec`. */
	constructor(stage: ExecStage, args: readonly string[], options: ExecOptions = {}) {
		const { before = [], agent = [process.execPath, commandPath], env, stdin } = options;
		const [program = process.execPath, ...words] = [...before, ...agent, "exec", ...args];
		this.#child = spawn(program, words, {
			cwd: stage.folder,
			stdio: "pipe",
			env: { ...inherited(), ...stage.env, ...env },
		});
		this.#exited = once(this.#child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
		this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			this.#stdout += text;
		});
		this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#stderr += text;
		});
		this.#child.stdin?.on("error", () => {
			// The command ended without reading it.
		});
		if (stdin !== undefined) this.#child.stdin?.end(stdin);
		onTestFinished(async () => {
			this.#child.kill("SIGKILL");
			if (before.length > 0) return;
			// The agent could not take its command along.
			for (const [pid] of this.stdout.matchAll(/(?<=^pid )\d+$/gm)) endGroup(Number(pid));
			await this.#exited;
		});
	}

	get pid(): number {
		return Number(this.#child.pid);
	}

	get stdout(): string {
		return this.#stdout;
	}

	get stderr(): string {
		return this.#stderr;
	}

	/** The agent's log; other lines are left out, since the command writes there too. */
	get log(): readonly LogLine[] {
		const lines = this.#stderr.slice(0, this.#stderr.lastIndexOf("\n") + 1).split("\n");
		return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
	}

	signal(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}

	/** Waits for the command to write something, and returns the first group of the pattern, or all of the match. */
	async said(pattern: RegExp): Promise<string> {
		const what = (): string => `${pattern} in: ${this.stdout}\nthe log has: ${this.stderr}`;
		const match = await eventually(what(), () => {
			if (this.#child.exitCode !== null && !pattern.test(this.stdout)) throw new RangeError(what());
			return pattern.exec(this.stdout);
		});
		return match[1] ?? match[0];
	}

	/** Waits for a line with this event. */
	logged(event: string): Promise<LogLine> {
		return eventually(`${event} in the log`, () => this.log.find((line) => line.event === event));
	}

	/** Waits for the end. */
	async ended(): Promise<{ status: number | null; stdout: string; stderr: string }> {
		const [status] = await this.#exited;
		return { status, stdout: this.stdout, stderr: this.stderr };
	}
}

/** Runs `clef-agent exec` to its end. */
export function execToEnd(stage: ExecStage, args: readonly string[], options: ExecOptions = {}) {
	return new ExecProcess(stage, args, { stdin: "", ...options }).ended();
}

/** Whether a process is there, and on Linux is no zombie that nobody has waited for yet. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return process.platform !== "linux" || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
	} catch {
		return false;
	}
}

function endGroup(pid: number): void {
	try {
		process.kill(-pid, "SIGKILL");
	} catch {
		// That there is none any more is the usual case.
	}
}
