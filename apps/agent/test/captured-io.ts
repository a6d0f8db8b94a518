import { EventEmitter, once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { CommandIo } from "../src/command-io.js";

/** The world of a command under test: its own folder, signals sent by `process.emit`, output kept as text. */
export interface CapturedIo extends CommandIo {
	readonly process: EventEmitter;
	readonly out: () => string;
	readonly err: () => string;
	/** Resolves as soon as standard error holds a match. */
	readonly errMatching: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Makes a world in a new temporary folder, which goes away when the test ends. */
export function capturedIo(
	options: {
		stdin?: string;
		env?: Record<string, string>;
		nowMs?: number;
		terminal?: boolean;
		inspectorUrl?: string;
		uid?: number;
	} = {},
): CapturedIo {
	const cwd = temporaryFolder();
	const written = { out: "", err: "" };
	const writes = new EventEmitter();
	return {
		stdin: stdinOf(options.stdin ?? ""),
		stdout: {
			write: (text) => {
				written.out += text;
			},
		},
		stderr: {
			write: (text) => {
				written.err += text;
				writes.emit("err");
			},
			isTTY: options.terminal ?? false,
		},
		env: options.env ?? {},
		programName: "clef-agent",
		cwd,
		now: () => options.nowMs ?? Date.UTC(2027, 0, 1),
		process: new EventEmitter(),
		inspectorUrl: () => options.inspectorUrl,
		pid: 4711,
		uid: options.uid ?? 1000,
		monotonicMicroseconds: () => 90_000_000n,
		execute: async () => undefined,
		commandLine: ["node", "clef-agent.js"],
		replace: () => undefined,
		start: () => Promise.reject(new RangeError("the test gives no program")),
		keepAlive: () => () => undefined,
		isInteractive: options.terminal ?? false,
		after: () => new Promise(() => undefined),
		out: () => written.out,
		err: () => written.err,
		errMatching: async (pattern) => {
			for (;;) {
				const match = pattern.exec(written.err);
				if (match !== null) return match;
				await once(writes, "err");
			}
		},
	};
}

/** A new folder that is removed when the test ends. */
export function temporaryFolder(): string {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "clef-agent-test-")));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

async function* stdinOf(text: string): AsyncGenerator<Uint8Array | string> {
	// In two pieces of two kinds, as a pipe may deliver it.
	const middle = Math.floor(text.length / 2);
	yield text.slice(0, middle);
	yield Buffer.from(text.slice(middle));
}
