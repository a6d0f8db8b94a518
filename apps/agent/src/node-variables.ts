import type { ReplaceableProcess } from "./replace-process.js";

/**
 * Variables by which Node prints what it sends and receives, writes files, believes any certificate, goes through
 * proxies by rules of its own, or takes itself for part of another program.
 */
const STEERING_NODE: readonly string[] = [
	"NODE_CHANNEL_FD",
	"NODE_COMPILE_CACHE",
	"NODE_DEBUG",
	"NODE_DEBUG_NATIVE",
	"NODE_REDIRECT_WARNINGS",
	"NODE_TLS_REJECT_UNAUTHORIZED",
	"NODE_UNIQUE_ID",
	"NODE_USE_ENV_PROXY",
	"NODE_V8_COVERAGE",
];

/** What starting anew takes of Node's `process`. */
export interface SteeredProcess extends ReplaceableProcess {
	readonly argv: readonly string[];
	readonly execPath: string;
}

/**
 * Starts this program anew when the environment steers Node. Node has read most of these variables by now, so that
 * deleting them would come too late.
 */
export function startWithoutNodeVariables({ argv, env, execPath, execve }: SteeredProcess): void {
	if (!STEERING_NODE.some((name) => env[name] !== undefined)) return;
	const kept = Object.entries(env).filter(([name]) => !STEERING_NODE.includes(name));
	execve?.(execPath, argv.slice(1), Object.fromEntries(kept.map(([name, value = ""]) => [name, value])));
}
