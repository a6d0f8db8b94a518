// A shell that is told one command after the other, and what was to be seen on its terminal.

import { spawn } from "node:child_process";
import { once } from "node:events";

/** @typedef {{ command: string, output: string }} Shown */

const ENDED = "\u001e";
const WITHIN_MS = 30_000;

/** Commands run in one shell, so that aliases, variables and background jobs last. */
export class Session {
	#shell;
	#output = "";

	/** @param {{ cwd: string, env: Record<string, string> }} surroundings */
	constructor({ cwd, env }) {
		this.#shell = spawn("bash", ["--noprofile", "--norc"], { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
		this.#shell.stdout.setEncoding("utf8").on("data", (text) => {
			this.#output += text;
		});
		this.#shell.stdin.write("shopt -s expand_aliases; exec 2>&1\n");
	}

	/**
	 * Runs a command and, where told, waits for what comes later; resolves with all that was written meanwhile.
	 * @param {string} command
	 * @param {RegExp} [until]
	 * @returns {Promise<string>}
	 */
	async run(command, until) {
		this.#output = "";
		this.#shell.stdin.write(`${command}\nprintf '\\036%s\\n' "$?"\n`);
		const status = await this.#written(new RegExp(`${ENDED}(\\d+)\\n`));
		if (status !== "0") throw new RangeError(`\`${command}\` ends with ${status}: ${this.#output}`);
		if (until !== undefined) await this.#written(until);
		return this.#output.replace(new RegExp(`${ENDED}\\d+\\n`), "");
	}

	/** Ends the shell and its jobs. */
	async close() {
		this.#shell.stdin.end("kill $(jobs -p) 2>/dev/null; wait\n");
		if (this.#shell.exitCode === null) await once(this.#shell, "exit");
	}

	/** @param {RegExp} form @returns {Promise<string>} its first group */
	async #written(form) {
		const signal = AbortSignal.timeout(WITHIN_MS);
		for (;;) {
			const found = form.exec(this.#output);
			if (found) return found[1] ?? "";
			if (this.#shell.exitCode !== null) throw new RangeError(`The shell ended: ${this.#output}`);
			await once(this.#shell.stdout, "data", { signal });
		}
	}
}
