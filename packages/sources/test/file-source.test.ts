import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, open, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { held } from "@clef-sh/testkit/scripted-source";
import { describeSourceConformance, type Stage } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { fileError } from "../src/file-error.js";
import { FileSource, type SourceFiles } from "../src/file-source.js";
import { createSource } from "../src/index.js";
import { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.js";

interface FileStage extends Stage {
	readonly path: string;
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
	await rm(path, { recursive: true, force: true });
	await writeFile(path, bytes);
}

describeSourceConformance<FileStage>("file", {
	open: async (bytes) => {
		const directory = await temporaryDirectory();
		const path = join(directory.path, "artifact.age.json");
		await writeFile(path, bytes);
		const source = createSource({ kind: "file", path, maxBytes: 1000 });
		return { source, secrets: [], path, close: directory.remove };
	},
	hold: ({ path }, bytes) => put(path, bytes),
	faults: {
		notFound: ({ path }) => rm(path),
		tooLarge: ({ path }) => writeFile(path, Buffer.alloc(1001)),
		wrongContent: async ({ path }) => {
			await rm(path);
			await mkdir(path);
		},
		unauthorized: { cannot: "modes do not bind root, which tests may run as: see the mapping below" },
		rateLimited: { cannot: "a file has no quota" },
		failing: { cannot: "a disk cannot be made to fail from here" },
		unreachable: { cannot: "a file is not reached over a network" },
		timeout: { cannot: "a real file system cannot be made to hang from here: see below" },
		redirected: { cannot: "links are followed on purpose" },
		cutShort: { cannot: "a file declares no length" },
	},
});

describe("FileSource", () => {
	let directory: TemporaryDirectory;
	let path: string;
	const { signal } = new AbortController();
	beforeEach(async () => {
		directory = await temporaryDirectory();
		path = join(directory.path, "artifact.age.json");
	});
	afterEach(() => directory.remove());

	const read = (maxBytes?: number, at = path) =>
		createSource({ kind: "file", path: at, ...(maxBytes !== undefined && { maxBytes }) }).read(
			undefined,
			signal,
		);

	it("gives the SHA-256 of the content as validator", async () => {
		await writeFile(path, "content");
		const etag = createHash("sha256").update("content").digest("hex");
		expect(await read()).toMatchObject({ kind: "modified", validator: { etag } });
	});

	it("D35 is the same place however its path is written, and another one in another directory", () => {
		const places = [path, relative(process.cwd(), path), pathToFileURL(path).href].map(
			(at) => createSource({ kind: "file", path: at }).place,
		);
		expect(places).toEqual([path, path, path]);
	});

	it("reads relative paths, file URLs and through links", async () => {
		await writeFile(path, "content");
		const link = join(directory.path, "link with space");
		await symlink("artifact.age.json", link);
		for (const at of [relative(process.cwd(), path), pathToFileURL(link).href, link]) {
			expect(await read(undefined, at)).toMatchObject({ bytes: Buffer.from("content") });
		}
	});

	it("reads several chunks, to the byte, and an empty file", async () => {
		const content = Buffer.alloc(200_001, "abc");
		await writeFile(path, content);
		const result = await read(200_001);
		expect(result.kind === "modified" && Buffer.compare(result.bytes, content)).toBe(0);
		await truncate(path, 0);
		expect(await read(0)).toMatchObject({ kind: "modified", bytes: Buffer.alloc(0) });
	});

	it("T18 refuses a file over the cap", async () => {
		await writeFile(path, "");
		await truncate(path, 2 ** 40);
		await expect(read()).rejects.toMatchObject({ code: "SOURCE_TOO_LARGE" });
		await writeFile(path, "x");
		await expect(read(Number.NaN)).rejects.toMatchObject({ code: "SOURCE_TOO_LARGE" });
	});

	it.skipIf(process.platform !== "linux")("T18 counts where the size shows only while reading", async () => {
		await expect(read(16, "/proc/self/status")).rejects.toMatchObject({ code: "SOURCE_TOO_LARGE" });
		expect(await read(100_000, "/proc/self/status")).toMatchObject({ kind: "modified" });
	});

	it("T19 refuses a FIFO that nobody writes to, without waiting", async () => {
		execFileSync("mkfifo", [path]);
		await expect(read()).rejects.toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
	});

	it("refuses devices, sockets and directories with a hint", async () => {
		await expect(read(undefined, "/dev/zero")).rejects.toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		await expect(read(undefined, directory.path)).rejects.toThrow(/is a directory; give the path/);
		const server = createServer().listen(path);
		await expect(read()).rejects.toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		server.close();
	});

	it("names a missing file, a broken link, a loop and a file in place of a directory", async () => {
		await expect(read()).rejects.toThrow(/artifact\.age\.json does not exist; check the path \(ENOENT\)\./);
		await symlink("nowhere", path);
		await expect(read()).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
		const loop = join(directory.path, "loop");
		await symlink("loop", loop);
		await expect(read(undefined, loop)).rejects.toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		await writeFile(join(directory.path, "file"), "");
		await expect(read(undefined, join(directory.path, "file", "a"))).rejects.toMatchObject({
			code: "SOURCE_NOT_FOUND",
		});
		await expect(read(undefined, "a\0b")).rejects.toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it.skipIf(process.getuid?.() === 0)("names a file it may not read", async () => {
		await writeFile(path, "content");
		await chmod(path, 0);
		await expect(read()).rejects.toMatchObject({ code: "SOURCE_UNAUTHORIZED" });
	});

	it("ends with the caller's reason when aborted while reading", async () => {
		await writeFile(path, "content");
		const caller = new AbortController();
		const reading = createSource({ kind: "file", path }).read(undefined, caller.signal);
		caller.abort(new Error("closing"));
		await expect(reading).rejects.toThrow("closing");
	});

	it("reads one whole version while the file is replaced", async () => {
		const versions = ["a".repeat(70_000), "b".repeat(70_000)] as const;
		await writeFile(path, versions[0]);
		const next = `${path}.next`;
		await writeFile(next, versions[1]);
		const [result] = await Promise.all([read(), rename(next, path)]);
		const content = result.kind === "modified" ? Buffer.from(result.bytes).toString() : "";
		expect(versions).toContain(content);
	});
});

describe("fileError", () => {
	const thrown = (code: string) => Object.assign(new Error("x"), { code });

	it.each([
		["EACCES", "SOURCE_UNAUTHORIZED", false],
		["EPERM", "SOURCE_UNAUTHORIZED", false],
		["EMFILE", "SOURCE_UNREACHABLE", true],
		["EIO", "SOURCE_UNREACHABLE", true],
		["ESTALE", "SOURCE_UNREACHABLE", true],
	])("reads %s as %s", (code, meaning, retryable) => {
		expect(fileError(thrown(code), "/a")).toMatchObject({ code: meaning, retryable });
		expect(fileError(thrown(code), "/a").message).toMatch(/^\/a .*\)\.$/);
	});

	it("takes anything else for a failing disk", () => {
		expect(fileError("boom", "/a")).toMatchObject({ code: "SOURCE_UNREACHABLE" });
	});
});

describe("T19 a file system that hangs", () => {
	/** A file that opens when the test says so, under timers that it fires. */
	async function hanging() {
		const directory = await temporaryDirectory();
		onTestFinished(() => directory.remove());
		const path = join(directory.path, "artifact.age.json");
		await writeFile(path, "content");
		const state = { opened: 0, gate: Promise.resolve() };
		const timers = new HandFiredTimers();
		const files: SourceFiles = {
			open: async (...parameters) => {
				state.opened += 1;
				await state.gate;
				return open(...parameters);
			},
		};
		const source = new FileSource({ kind: "file", path, maxBytes: 1000 }, { timers }, files);
		const read = (signal = new AbortController().signal) => source.read(undefined, signal);
		return { read, state, timers };
	}
	const codeOf = (reading: Promise<unknown>) => reading.catch((error: unknown) => error);

	it("is given up after a minute, and asked only once until it answers", async () => {
		const { read, state, timers } = await hanging();
		const gate = held<void>();
		state.gate = gate.promise;
		for (const _ of [1, 2]) {
			const late = codeOf(read());
			timers.fire(60_000);
			expect(await late).toMatchObject({ code: "SOURCE_TIMEOUT", retryable: true });
		}
		expect(state.opened).toBe(1);
		gate.settle();
		await expect(read()).resolves.toMatchObject({ kind: "modified", bytes: Buffer.from("content") });
		expect(state.opened).toBe(2);
		expect(timers.pending).toEqual([]);
	});

	it("holds nobody up who does not want to wait any longer", async () => {
		const { read, state } = await hanging();
		state.gate = held<void>().promise;
		const controller = new AbortController();
		const reading = read(controller.signal);
		controller.abort("enough");
		await expect(reading).rejects.toBe("enough");
	});
});
