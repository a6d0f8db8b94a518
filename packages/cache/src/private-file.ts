import { constants, type Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CacheError } from "./cache-error.js";
import type { CacheFiles } from "./cache-files.js";
import { syncDirectory } from "./private-directory.js";

/** Windows knows neither; nothing there follows links as readily. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NO_WAITING = constants.O_NONBLOCK ?? 0;
/** Bits of a mode that let anyone but the owner write. */
const OTHERS_WRITE = 0o022;
/** More than the largest artifact allowed, with everything that lies around it. */
const MOST_BYTES = 288 * 1024 * 1024;
/** Age in milliseconds from which a temporary file is not one that another agent is writing just now. */
const LEFT_BEHIND_MS = 60_000;

/** The whole of a file that is nobody's but ours; undefined when there is none. */
export async function readWhole(
	path: string,
	files: CacheFiles,
	uid: number | undefined,
): Promise<Buffer | undefined> {
	const handle = await openExisting(path, constants.O_RDONLY, files);
	if (handle === undefined) return undefined;
	try {
		assertOurs(await handle.stat(), uid);
		return await handle.readFile();
	} finally {
		await handle.close();
	}
}

/** What a file must begin with for {@link appendTo} to touch it. */
export interface ExpectedHead {
	readonly headBytes: number;
	/** Judges those bytes and the size of the file. */
	readonly isOurs: (head: Buffer, size: number) => boolean;
}

/** Appends to a file of ours whose beginning is as expected; false, and nothing done, when it is not such a file. */
export async function appendTo(
	path: string,
	text: string,
	files: CacheFiles,
	uid: number | undefined,
	{ headBytes, isOurs }: ExpectedHead,
): Promise<boolean> {
	const handle = await openIfUsable(path, constants.O_RDWR | constants.O_APPEND, files);
	if (handle === undefined) return false;
	try {
		const stats = await handle.stat();
		assertOurs(stats, uid);
		const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
		if (!isOurs(buffer.subarray(0, bytesRead), stats.size)) return false;
		await handle.appendFile(text);
		return true;
	} catch {
		// Whatever is wrong with the file or the disk: writing it anew repairs it, or says precisely what it is.
		return false;
	} finally {
		await handle.close();
	}
}

/** Puts a file in place as a whole or not at all, 0600, so that a power cut leaves the old one or the new one. */
export async function writeWhole(
	path: string,
	data: Uint8Array,
	files: CacheFiles,
	uniqueName: string,
): Promise<void> {
	const temporary = `${path}.${uniqueName}.tmp`;
	const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
	const handle = await files.open(temporary, flags, 0o600);
	try {
		try {
			await handle.writeFile(data);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await files.rename(temporary, path);
	} catch (error) {
		await removeQuietly(temporary, files);
		throw error;
	}
	await syncDirectory(dirname(path), files);
}

/** Removes temporary files for this path that a crash has left. */
export async function clearLeftovers(path: string, files: CacheFiles, nowMs: number): Promise<void> {
	const folder = dirname(path);
	const names = await files.readdir(folder);
	for (const name of names.filter((each) => each.startsWith(`${basename(path)}.`) && each.endsWith(".tmp"))) {
		const leftover = join(folder, name);
		const { mtimeMs } = await files.lstat(leftover);
		if (nowMs - mtimeMs > LEFT_BEHIND_MS) await removeQuietly(leftover, files);
	}
}

async function openExisting(path: string, flags: number, files: CacheFiles): Promise<FileHandle | undefined> {
	try {
		return await files.open(path, flags | NO_FOLLOW | NO_WAITING);
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
		throw error;
	}
}

async function openIfUsable(path: string, flags: number, files: CacheFiles): Promise<FileHandle | undefined> {
	try {
		return await openExisting(path, flags, files);
	} catch {
		return undefined;
	}
}

/** Judged on the open file, not on its name, so that nobody can swap it in between. */
function assertOurs(stats: Stats, uid: number | undefined): void {
	const refuse = (why: string): never => {
		throw new CacheError("CACHE_UNREADABLE", why);
	};
	if (!stats.isFile()) refuse("it is not a regular file");
	if (stats.size > MOST_BYTES) refuse("it is too large to be one");
	if (uid === undefined) return;
	if (stats.nlink !== 1) refuse("it has a second name (a hard link)");
	if (stats.uid !== uid) refuse(`it belongs to user ${stats.uid}`);
	if ((stats.mode & OTHERS_WRITE) !== 0) refuse("other users may write to it");
}

async function removeQuietly(path: string, files: CacheFiles): Promise<void> {
	try {
		await files.unlink(path);
	} catch {
		// It is gone already, or stays as a file that nothing reads.
	}
}
