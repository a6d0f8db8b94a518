// Starts programs for the other scripts: the workspace's own tools, and Node itself.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The workspace's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a program and waits for it; its output is shown only when `show` is set.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, show?: boolean }} [options]
 * @returns {{ ok: boolean, output: string }}
 */
export function run(command, args, { cwd = root, show = false } = {}) {
	const { status, stdout, stderr, error } = spawnSync(command, args, {
		cwd,
		encoding: "utf8",
		stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
		env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NO_COLOR: "1", FORCE_COLOR: "0" },
	});
	return { ok: status === 0, output: `${stdout ?? ""}${stderr ?? ""}${error ? error.message : ""}`.trim() };
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
