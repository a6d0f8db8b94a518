import { mkdtempSync, type PathLike, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type CacheFiles, systemFiles } from "../src/index.js";
import { assurePrivateDirectory } from "../src/private-directory.js";

function place(): string {
	const folder = mkdtempSync(join(tmpdir(), "clef-directory-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return join(folder, "deeper", "still");
}

it("D35 makes a missing directory, with everything above it, for its owner only", async () => {
	const path = place();
	await assurePrivateDirectory(path, systemFiles, process.getuid?.());
	expect(statSync(path).mode & 0o777).toBe(0o700);
	expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
	await assurePrivateDirectory(path, systemFiles, process.getuid?.());
});

it("D35 refuses a directory of another user, naming both", async () => {
	const path = place();
	await assurePrivateDirectory(path, systemFiles, process.getuid?.());
	const uid = process.getuid?.() ?? 0;
	await expect(assurePrivateDirectory(path, systemFiles, uid + 1)).rejects.toMatchObject({
		code: "CACHE_UNREADABLE",
		message: `The cache directory ${path} belongs to user ${uid} and the agent is user ${uid + 1}; remove it.`,
	});
});

it("asks for no owner where users have no numbers", async () => {
	const path = place();
	await assurePrivateDirectory(path, systemFiles, undefined);
	expect(statSync(path).isDirectory()).toBe(true);
});

/** A file system whose recursive attempts end as Node's do on one that is read-only, and plain ones like this. */
function filesThatSay(plain: Readonly<Record<string, string>>, recursive = "ENOENT"): CacheFiles {
	const mkdir = async (path: PathLike, options?: unknown): Promise<undefined> => {
		const isRecursive = typeof options === "object" && options !== null && "recursive" in options;
		const code = isRecursive ? recursive : plain[basename(String(path))];
		if (code !== undefined) throw Object.assign(new RangeError(code), { code });
	};
	return { ...systemFiles, mkdir: mkdir as CacheFiles["mkdir"] };
}

it.each([
	[{ deeper: "EEXIST", still: "EROFS" }, "EROFS"],
	[{ deeper: "EROFS" }, "EROFS"],
	[{ deeper: "ENOENT" }, "ENOENT"],
])("says what is wrong where Node says that something is missing: %o", async (plain, code) => {
	const files = filesThatSay({ ...plain });
	await expect(assurePrivateDirectory(place(), files, undefined)).rejects.toMatchObject({ code });
});

it("does not look further where Node's reason is another", async () => {
	const files = filesThatSay({ deeper: "EROFS" }, "EACCES");
	await expect(assurePrivateDirectory(place(), files, undefined)).rejects.toMatchObject({ code: "EACCES" });
});

it("goes on where the directory has come to be in the meantime", async () => {
	const path = place();
	await assurePrivateDirectory(path, systemFiles, undefined);
	const files = filesThatSay({ deeper: "EEXIST", still: "EEXIST" });
	await expect(assurePrivateDirectory(path, files, undefined)).resolves.toBeUndefined();
});
