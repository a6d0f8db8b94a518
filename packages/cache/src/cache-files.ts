import { lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";

/** The part of `node:fs/promises` that the last-known-good file is kept with. */
export type CacheFiles = Pick<
	typeof import("node:fs/promises"),
	"lstat" | "mkdir" | "open" | "readdir" | "rename" | "unlink"
>;

/** The real file system. */
export const systemFiles: CacheFiles = { lstat, mkdir, open, readdir, rename, unlink };
