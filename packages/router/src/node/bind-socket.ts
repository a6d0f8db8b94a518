import { lstat, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { RouterError } from "../router-error.js";

/** A socket file, and who may connect to it. */
export interface SocketFile {
	readonly path: string;
	readonly mode: number;
}

/** What the kernel's address takes on every system, in bytes; longer ones are cut off or refused. */
const LONGEST_PATH = 103;

/**
 * Listens on a socket file that has its mode from the start. A file that is left over from an agent that died is
 * replaced. Rejects with `RouterError` when there is none to be had.
 */
export async function bindSocket(server: Server, { mode, path }: SocketFile): Promise<void> {
	if (Buffer.byteLength(path) > LONGEST_PATH)
		throw unusable(path, `its path is longer than ${LONGEST_PATH} bytes; choose a shorter one`);
	// Asked for here because a bind calls it a lack of permission.
	await lstat(dirname(path)).catch((cause: NodeJS.ErrnoException) => {
		throw unusable(path, reasonOf(cause), cause);
	});
	await removeLeftover(path);
	await new Promise<void>((resolve, reject) => {
		const fail = (cause: NodeJS.ErrnoException) => reject(unusable(path, reasonOf(cause), cause));
		server.once("error", fail);
		// Not changed afterwards: whoever connects in between would stay connected.
		const usual = process.umask(0o777 & ~mode);
		try {
			server.listen({ path }, () => {
				server.off("error", fail);
				resolve();
			});
		} finally {
			process.umask(usual);
		}
	});
}

async function removeLeftover(path: string): Promise<void> {
	const found = await lstat(path).catch(() => undefined);
	if (found === undefined) return;
	if (!found.isSocket())
		throw unusable(path, "there is a file that is no socket; remove it or choose another path");
	if (await answers(path))
		throw unusable(path, "another process listens on it; stop that or choose another path");
	await unlink(path).catch((cause: NodeJS.ErrnoException) => {
		throw unusable(path, reasonOf(cause), cause);
	});
}

/** Whether somebody listens; a file whose process died refuses. */
function answers(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect({ path });
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
	});
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "its folder does not exist; create the folder first",
	ENOTDIR: "its folder is a file; choose another path",
	EACCES: "permission denied; let the agent's user write to its folder",
	EPERM: "permission denied; let the agent's user write to its folder",
	EROFS: "the file system is read-only; use a writable volume",
	EADDRINUSE: "another process made it in the meantime; start again",
};

function reasonOf({ code }: NodeJS.ErrnoException): string {
	return REASONS[code ?? ""] ?? code ?? "unknown error";
}

function unusable(path: string, reason: string, cause?: unknown): RouterError {
	return new RouterError("CONFIG_INVALID", `Cannot listen on the socket ${path}: ${reason}.`, { cause });
}
