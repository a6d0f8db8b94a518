import { constants } from "node:fs";
import { dirname } from "node:path";
import { CacheError } from "./cache-error.js";
import type { CacheFiles } from "./cache-files.js";

/** Bits of a mode that let anyone but the owner in. */
const OTHERS = 0o077;

/**
 * Makes a directory that nobody else can enter, or checks that an existing one is such: 0700, a directory and no
 * link, and owned by `uid` (undefined where users have no numbers).
 *
 * Throws a `CacheError` `CACHE_UNREADABLE`, or whatever the file system says.
 */
export async function assurePrivateDirectory(
	path: string,
	files: CacheFiles,
	uid: number | undefined,
): Promise<void> {
	await makeDirectory(path, files);
	const stats = await files.lstat(path);
	if (!stats.isDirectory()) throw unusable(path, "is not a directory; remove it");
	if (uid === undefined) return;
	if (stats.uid !== uid) {
		throw unusable(path, `belongs to user ${stats.uid} and the agent is user ${uid}; remove it`);
	}
	if ((stats.mode & OTHERS) !== 0) throw unusable(path, "is open to other users; run chmod 700 on it");
}

/**
 * On a read-only file system Node's recursive attempt fails with ENOENT, which would send the reader looking for
 * something that is there; a plain one says what is wrong.
 */
async function makeDirectory(path: string, files: CacheFiles): Promise<void> {
	try {
		await files.mkdir(path, { recursive: true, mode: 0o700 });
	} catch (error) {
		if (codeOf(error) !== "ENOENT") throw error;
		for (const folder of [dirname(path), path]) await makeOne(folder, files);
	}
}

async function makeOne(folder: string, files: CacheFiles): Promise<void> {
	try {
		await files.mkdir(folder, { mode: 0o700 });
	} catch (error) {
		if (codeOf(error) !== "EEXIST") throw error;
	}
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Makes a change in a directory survive a power cut; a platform that cannot is left as it is. */
export async function syncDirectory(path: string, files: CacheFiles): Promise<void> {
	if (constants.O_DIRECTORY === undefined) return;
	const handle = await files.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}

function unusable(path: string, why: string): CacheError {
	return new CacheError("CACHE_UNREADABLE", `The cache directory ${path} ${why}.`);
}
