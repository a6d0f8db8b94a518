// Starts programs for the other scripts: the workspace's own tools, and Node itself.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The workspace's folder, with a slash at the end. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Bytes; a file that `tar` writes to its output is in there too. */
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs a program and waits for it; its output is shown only when `show` is set. `output` is all that it said, and why
 * it could not be started where that is so; `stdout` is what it wrote there, as it is.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, show?: boolean, env?: NodeJS.ProcessEnv }} [options] env: the whole environment
 * @returns {{ ok: boolean, output: string, stdout: string }}
 */
export function run(command, args, { cwd = root, show = false, env = quietly() } = {}) {
	const result = spawnSync(command, args, {
		cwd,
		encoding: "utf8",
		maxBuffer: MOST_OUTPUT,
		stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
		env,
	});
	const [stdout, stderr] = [result.stdout ?? "", result.stderr ?? ""];
	return {
		ok: result.status === 0,
		output: `${stdout}${stderr}${result.error?.message ?? ""}`.trim(),
		stdout,
	};
}

/**
 * Runs a tool from the workspace's development dependencies.
 * @param {string} name
 * @param {readonly string[]} args
 * @param {{ cwd?: string, show?: boolean }} [options]
 */
export function tool(name, args, options) {
	return run(`${root}node_modules/.bin/${name}`, args, options);
}

/** Installs and builds what is out of date; ends the process when that fails. */
export function ensureBuilt() {
	const { ok, output } = run(process.execPath, [`${root}scripts/setup.js`, "build"]);
	if (ok) return;
	console.error(`${output}\nThe build failed; run \`npm run build\`.`);
	process.exit(1);
}

/** This process's environment, with the settings that keep tools quiet. */
function quietly() {
	return { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NO_COLOR: "1", FORCE_COLOR: "0" };
}
