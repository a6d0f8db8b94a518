import { runCommandLine } from "./command-line.js";
import { keepInspectorShut } from "./inspector.js";
import { processIo } from "./process-io.js";

/** A log that nobody reads must not keep a stopped agent from ending in time (D36). */
const LAST_WORDS_MS = 500;

/**
 * Runs the command line as this process and ends it with the command's status; never rejects. `commandLine` is what
 * would start this process again: a program and its arguments.
 */
export async function runCommandProcess(commandLine: readonly string[]): Promise<never> {
	keepInspectorShut(process);
	let lost: NodeJS.ErrnoException | undefined;
	const io = processIo(commandLine, (error) => {
		lost ??= error;
	});
	const status = await runCommandLine(process.argv.slice(2), io);
	await written(io.stdout);
	if (lost !== undefined) await sayLost(lost, io.stderr);
	await Promise.race([written(io.stderr), io.after(LAST_WORDS_MS)]);
	// Explicit, because what is left open (sockets, watches) must not keep a stopped agent alive.
	process.exit(status === 0 && lost !== undefined ? 1 : status);
}

/** An artifact that was not written whole must not pass for one; a reader that left knows what it did. */
async function sayLost(error: NodeJS.ErrnoException, stderr: NodeJS.WriteStream): Promise<void> {
	if (error.code === "EPIPE") return;
	const { reason } = await import("./read-input.js");
	stderr.write(`clef-agent: cannot write to standard output: ${reason(error)}\n`);
}

/** Resolves when a slow reader has taken everything, or is gone. */
function written(stream: NodeJS.WriteStream): Promise<unknown> {
	return new Promise((resolve) => stream.write("", resolve));
}
