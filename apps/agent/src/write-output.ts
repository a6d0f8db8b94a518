import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CommandError } from "./command-error.js";
import type { CommandIo } from "./command-io.js";
import { reason } from "./read-input.js";

/** Writes text to standard output, or when a file is named replaces that file in one step; a pipe or device is written to. */
export async function writeOutput(file: string | undefined, text: string, io: CommandIo): Promise<void> {
	if (file === undefined || file === "-") {
		io.stdout.write(text);
		return;
	}
	await naming(file, () => replaceFile(resolve(io.cwd, file), text));
}

/** Creates a file that only its owner can read; refuses to touch one that exists. */
export async function createPrivateFile(file: string, text: string, io: CommandIo): Promise<void> {
	await naming(file, () => writeNew(resolve(io.cwd, file), text, 0o600));
}

/** A reader, such as a running agent, sees the old text or the new, never a part. */
async function replaceFile(path: string, text: string): Promise<void> {
	const target = await realpath(path).catch(() => path);
	const found = await stat(target).catch(() => undefined);
	// A file in the place of /dev/stdout or /dev/null would break them for everybody.
	if (found !== undefined && !found.isFile() && !found.isDirectory()) return writeFile(target, text);
	const mode = found === undefined ? 0o644 : found.mode & 0o777;
	const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
	await writeNew(temporary, text, mode);
	await orRemove(temporary, () => rename(temporary, target));
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
	const file = await open(path, "wx", mode);
	await orRemove(path, async () => {
		try {
			await file.writeFile(text);
			await file.sync();
		} finally {
			await file.close();
		}
	});
}

/** Half of a key is of no use, and would stand in the way of the next attempt. */
async function orRemove(path: string, work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		await rm(path, { force: true });
		throw error;
	}
}

async function naming(file: string, write: () => Promise<void>): Promise<void> {
	try {
		await write();
	} catch (cause) {
		throw new CommandError("COMMAND_OUTPUT", `cannot write ${file}: ${reason(cause)}`, { cause });
	}
}
