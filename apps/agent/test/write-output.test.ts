import { execFileSync } from "node:child_process";
import {
	chmodSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPrivateFile, writeOutput } from "../src/write-output.js";
import { capturedIo } from "./captured-io.js";

describe("writeOutput", () => {
	it.each([undefined, "-"])("writes to standard output for %s", async (file) => {
		const io = capturedIo();
		await writeOutput(file, "text", io);
		expect([io.out(), readdirSync(io.cwd)]).toEqual(["text", []]);
	});

	it("makes a file, and leaves nothing beside it", async () => {
		const io = capturedIo();
		await writeOutput("a.json", "text", io);
		expect(readFileSync(join(io.cwd, "a.json"), "utf8")).toBe("text");
		expect(readdirSync(io.cwd)).toEqual(["a.json"]);
	});

	it("replaces what a link leads to, and keeps the link and the mode", async () => {
		const io = capturedIo();
		const target = join(io.cwd, "target.json");
		writeFileSync(target, "before");
		chmodSync(target, 0o640);
		symlinkSync("target.json", join(io.cwd, "link.json"));
		await writeOutput("link.json", "after", io);
		expect([readFileSync(target, "utf8"), statSync(target).mode & 0o777]).toEqual(["after", 0o640]);
		expect(readdirSync(io.cwd).sort()).toEqual(["link.json", "target.json"]);
	});

	it("writes into a pipe, whose reader would else wait for ever, and leaves it in its place", async () => {
		const io = capturedIo();
		const pipe = join(io.cwd, "pipe");
		execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", pipe]);
		const [text] = await Promise.all([readFile(pipe, "utf8"), writeOutput("pipe", "artifact", io)]);
		expect(text).toBe("artifact");
		expect(statSync(pipe).isFIFO()).toBe(true);
		expect(readdirSync(io.cwd)).toEqual(["pipe"]);
	});

	it("does not put a file in the place of a folder", async () => {
		const io = capturedIo();
		mkdirSync(join(io.cwd, "folder"));
		await expect(writeOutput("folder", "text", io)).rejects.toMatchObject({ code: "COMMAND_OUTPUT" });
		expect(readdirSync(io.cwd)).toEqual(["folder"]);
	});
});

describe("createPrivateFile", () => {
	it("makes a file for its owner alone, whatever the umask lets others do", async () => {
		const io = capturedIo();
		const usual = process.umask(0);
		await createPrivateFile("key", "text", io).finally(() => process.umask(usual));
		expect(statSync(join(io.cwd, "key")).mode & 0o777).toBe(0o600);
	});

	it("writes through no link, also where that leads nowhere yet", async () => {
		const io = capturedIo();
		symlinkSync("elsewhere", join(io.cwd, "key"));
		await expect(createPrivateFile("key", "text", io)).rejects.toMatchObject({
			message: "cannot write key: it exists already",
		});
		expect(readdirSync(io.cwd)).toEqual(["key"]);
	});
});
