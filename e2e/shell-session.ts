import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { commandPath, inherited } from "./command.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { temporaryFolder } from "./temporary-folder.js";

/** How one command in the shell ended. */
export interface Answered {
	readonly command: string;
	readonly status: number;
	/** What the terminal would have shown. */
	readonly output: string;
}

/** What a shell is given besides the built command. */
export interface SessionOptions {
	readonly env?: Readonly<Record<string, string>>;
	/** Programs that stand for others: a name, and the shell commands that it is made of. */
	readonly programs?: Readonly<Record<string, string>>;
}

/** After such a command the agent is waited for, as whoever types reads its first lines. */
const AGENT_IN_BACKGROUND = /clef-agent(?:-linux-x64)? &\s*$/;

/** Some commands build or pack. */
const COMMAND_WITHIN_MS = 60_000;

/** A newcomer's shell in an empty folder: bash with `clef-agent` on its path, one command after the other. */
export class ShellSession {
	readonly folder: string = temporaryFolder();
	readonly port: number;
	readonly #shell: ChildProcess;
	readonly #files: string;
	readonly #answers: Answered[] = [];

	private constructor(port: number, { env = {}, programs = {} }: SessionOptions) {
		this.port = port;
		this.#files = temporaryFolder();
		const bin = join(this.#files, "bin");
		mkdirSync(bin);
		const own = { "clef-agent": `exec "${process.execPath}" "${commandPath}" "$@"` };
		for (const [name, text] of Object.entries({ ...own, ...programs })) {
			writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
			chmodSync(join(bin, name), 0o755);
		}
		// Without a terminal curl would show its progress.
		writeFileSync(join(this.#files, ".curlrc"), "silent\nshow-error\nnoproxy = *\n");
		const { PATH, ...rest } = { ...inherited(), ...env };
		this.#shell = spawn("bash", ["--noprofile", "--norc"], {
			cwd: this.folder,
			// Background jobs are in its process group, and end with it.
			detached: true,
			env: {
				CURL_HOME: this.#files,
				CLEF_AGENT_PORT: String(port),
				...rest,
				PATH: `${bin}:${PATH}`,
			},
			stdio: ["pipe", "ignore", "ignore"],
		});
		onTestFinished(() => this.#end());
		this.#write("shopt -s expand_aliases");
	}

	/** Starts the shell; the agents in it get a free port, by their environment. */
	static async start(options: SessionOptions = {}): Promise<ShellSession> {
		return new ShellSession(await freePort(), options);
	}

	/** Everything that was run so far. */
	get answers(): readonly Answered[] {
		return this.#answers;
	}

	/** Runs one command, and where it leaves an agent in the background waits for that to be ready. */
	async run(command: string): Promise<Answered> {
		const file = join(this.#files, String(this.#answers.length));
		writeFileSync(`${file}.sh`, `${command}\n`);
		this.#write(
			`. "${file}.sh" >"${file}.out" 2>&1; echo $? >"${file}.tmp"; mv "${file}.tmp" "${file}.status"`,
		);
		const status = await eventually(
			`the end of ${command}`,
			() => this.#read(`${file}.status`),
			COMMAND_WITHIN_MS,
		);
		if (AGENT_IN_BACKGROUND.test(command))
			await eventually(`ready: ${this.#read(`${file}.out`)}`, () => this.#isReady());
		const answered = { command, status: Number(status), output: this.#read(`${file}.out`) ?? "" };
		this.#answers.push(answered);
		return answered;
	}

	async #isReady(): Promise<boolean> {
		const url = `http://127.0.0.1:${this.port}/v1/ready`;
		return fetch(url, { headers: { connection: "close" } }).then(
			({ ok }) => ok,
			() => false,
		);
	}

	#read(file: string): string | undefined {
		try {
			return readFileSync(file, "utf8");
		} catch {
			// It is not there yet.
			return undefined;
		}
	}

	#write(line: string): void {
		this.#shell.stdin?.write(`${line}\n`);
	}

	async #end(): Promise<void> {
		const exited = once(this.#shell, "exit");
		if (this.#shell.pid !== undefined) process.kill(-this.#shell.pid, "SIGKILL");
		await exited;
	}
}

/** Splits lines of shell where bash takes one command to be complete. */
export function commandsIn(text: string): string[] {
	const commands: string[] = [];
	let open = "";
	for (const line of text.split("\n")) {
		open += open === "" ? line : `\n${line}`;
		if (open.trim() === "" || isComplete(open)) {
			if (open.replaceAll(/^\s*#.*$/gm, "").trim() !== "") commands.push(open);
			open = "";
		}
	}
	if (open !== "") throw new RangeError(`bash does not understand: ${open}`);
	return commands;
}

function isComplete(command: string): boolean {
	if (command.endsWith("\\")) return false;
	// A here-document that is still open is only a warning.
	const { status, stderr } = spawnSync("bash", ["-n"], { input: command, encoding: "utf8" });
	return status === 0 && stderr === "";
}
