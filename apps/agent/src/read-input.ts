import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { CommandError } from "./command-error.js";
import type { CommandIo } from "./command-io.js";

/** The bytes of a file, or of standard input when no file (or `-`) is named. */
export async function readInput(file: string | undefined, io: CommandIo): Promise<Buffer> {
	if (file === undefined || file === "-") return readAll(io.stdin);
	try {
		return await readFile(resolve(io.cwd, file));
	} catch (cause) {
		throw new CommandError("COMMAND_INPUT", `cannot read ${file}: ${reason(cause)}`, { cause });
	}
}

async function readAll(stream: CommandIo["stdin"]): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of stream) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
	return Buffer.concat(chunks);
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file or folder",
	EACCES: "permission denied",
	EPERM: "not permitted",
	EISDIR: "it is a folder",
	ENOTDIR: "part of the path is not a folder",
	EEXIST: "it exists already",
	ENOSPC: "the disk is full",
	EROFS: "the file system is read-only",
};

/** Why a file operation failed, in words, from the error that Node threw. */
export function reason(cause: unknown): string {
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
	return REASONS[code] ?? code;
}
