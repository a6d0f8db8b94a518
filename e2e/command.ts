import { spawn } from "node:child_process";
import { chmodSync, cpSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./temporary-folder.js";

/** The built command. */
export const commandPath: string = fileURLToPath(
	new URL("../apps/agent/dist/clef-agent.js", import.meta.url),
);

/** A copy of the built command that any user can start: the project may lie where others cannot look. */
export function commandForAnybody(): string {
	const folder = temporaryFolder();
	chmodSync(folder, 0o755);
	for (const part of ["package.json", "dist"]) {
		cpSync(new URL(`../apps/agent/${part}`, import.meta.url), join(folder, part), { recursive: true });
	}
	return join(folder, "dist", "clef-agent.js");
}

/** How a program ended, and what it said. */
export interface Ended {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** Where and how a program runs. */
export interface Surroundings {
	/** Added to PATH and HOME; nothing else is inherited. */
	readonly env?: Readonly<Record<string, string>>;
	readonly cwd?: string;
	readonly stdin?: string | Uint8Array;
}

/** Runs the built command to its end. */
export function clefAgent(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
	return runProgram(process.execPath, [commandPath, ...args], surroundings);
}

/** Runs any program to its end; one that does not exist rejects. */
export async function runProgram(
	program: string,
	args: readonly string[],
	{ env = {}, cwd, stdin = "" }: Surroundings = {},
): Promise<Ended> {
	const child = spawn(program, args, { cwd, env: { ...inherited(), ...env } });
	child.stdin.on("error", () => {
		// It ended without reading its input; its status says whether that was right.
	});
	child.stdin.end(stdin);
	const status = new Promise<number | null>((resolve, reject) => {
		child.on("error", reject);
		child.on("close", resolve);
	});
	const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
	return { status: await status, stdout: await stdout, stderr: await stderr };
}

/** A test must not depend on what the machine it runs on has set. */
export function inherited(): Record<string, string> {
	const { PATH = "", HOME = "" } = process.env;
	return { PATH, HOME };
}
