// Runs pnpm at the version package.json names, so that Node and npm are all a machine needs.
// Usage: node scripts/pnpm.js ARGS…

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { root } from "./run.js";

/**
 * Runs `pnpm` with these arguments in the workspace root and returns its exit status.
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {number}
 */
export function pnpm(args, options = {}) {
	const { packageManager } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
	const command = `pnpm ${args.map(quote).join(" ")}`;
	const { status, error } = spawnSync("npx", ["--yes", "-p", packageManager, "-c", command], {
		cwd: options.cwd ?? root,
		stdio: "inherit",
		env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", npm_config_update_notifier: "false" },
	});
	if (error) {
		console.error(`Could not start npx: ${error.message}. It comes with npm; is npm installed?`);
		return 1;
	}
	return status ?? 1;
}

/** @param {string} arg */
function quote(arg) {
	return /^[\w@%+=:,./*^!-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	process.exitCode = pnpm(process.argv.slice(2));
}
