import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemFiles } from "../src/index.js";
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
