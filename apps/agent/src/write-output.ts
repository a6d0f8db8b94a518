import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CommandError } from "./command-error.js";
import type { CommandIo } from "./command-io.js";
import { reason } from "./read-input.js";

/** Writes text to standard output, or when a file is named replaces that file in one step. */
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
	const mode = await stat(target).then(
		(found) => found.mode & 0o777,
		() => 0o644,
	);
	const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
	try {
		await writeNew(temporary, text, mode);
		await rename(temporary, target);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
	const file = await open(path, "wx", mode);
	try {
		await file.writeFile(text);
		await file.sync();
	} finally {
		await file.close();
	}
}

async function naming(file: string, write: () => Promise<void>): Promise<void> {
	try {
		await write();
	} catch (cause) {
		throw new CommandError("COMMAND_OUTPUT", `cannot write ${file}: ${reason(cause)}`, { cause });
	}
}
