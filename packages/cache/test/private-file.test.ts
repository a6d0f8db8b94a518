import { execFileSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	linkSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CacheFiles, systemFiles } from "../src/index.js";
import { appendTo, clearLeftovers, readWhole, writeWhole } from "../src/private-file.js";
import { FaultFiles } from "./fault-files.js";
import { ourUid } from "./file-stage.js";

const HEAD = "head\n";
const expected = { headBytes: HEAD.length, isOurs: (head: Buffer) => head.toString() === HEAD };

/** A path in a new folder, with this in it. */
function file(content = HEAD): string {
	const folder = mkdtempSync(join(tmpdir(), "clef-file-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const path = join(folder, "record");
	writeFileSync(path, content, { mode: 0o600 });
	return path;
}

const append = (path: string, uid = ourUid) => appendTo(path, "more", systemFiles, uid, expected);

/** Files of a folder that this process has open; only Linux tells. */
function openIn(folder: string): readonly string[] {
	const descriptors = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd") : [];
	return descriptors.map(target).filter((path) => path.startsWith(folder));
}

function target(descriptor: string): string {
	try {
		return readlinkSync(`/proc/self/fd/${descriptor}`);
	} catch {
		return "closed meanwhile";
	}
}

describe("appendTo", () => {
	it("adds to a file that begins as expected, and to nothing else", async () => {
		const [ours, foreign, shorter] = [file(), file("dear\n"), file("he")];
		expect(await Promise.all([ours, foreign, shorter].map((path) => append(path)))).toEqual([
			true,
			false,
			false,
		]);
		expect(readFileSync(ours, "utf8")).toBe("head\nmore");
		expect(readFileSync(foreign, "utf8")).toBe("dear\n");
		expect(readFileSync(shorter, "utf8")).toBe("he");
	});

	it("shows whoever judges the size of the whole file", async () => {
		const path = file("head\nand a body");
		const sizes: number[] = [];
		const isOurs = (_: Buffer, size: number) => sizes.push(size) > 0;
		await appendTo(path, "more", systemFiles, ourUid, { headBytes: HEAD.length, isOurs });
		expect(sizes).toEqual([15]);
	});

	it.each<[string, (path: string) => void]>([
		["has a second name", (path) => linkSync(path, `${path}.second`)],
		["others may write to", (path) => chmodSync(path, 0o602)],
		["is longer than any record", (path) => truncateSync(path, 289 * 1024 * 1024)],
	])("D35 leaves a file alone that %s", async (_, spoil) => {
		const path = file();
		spoil(path);
		const { size } = statSync(path);
		expect(await append(path)).toBe(false);
		expect(statSync(path).size).toBe(size);
	});

	it("D35 follows no link, belongs to no other user and makes no file", async () => {
		const path = file();
		symlinkSync(path, `${path}.link`);
		expect(await append(`${path}.link`)).toBe(false);
		expect(await append(path, (ourUid ?? 0) + 1)).toBe(false);
		expect(await append(`${path}.missing`)).toBe(false);
		expect(readFileSync(path, "utf8")).toBe(HEAD);
		expect(existsSync(`${path}.missing`)).toBe(false);
	});
});

describe("readWhole", () => {
	it("D35 reads no file that is longer than any record can be", async () => {
		const path = file();
		truncateSync(path, 289 * 1024 * 1024);
		await expect(readWhole(path, systemFiles, ourUid)).rejects.toThrow("it is too large to be one");
	});

	it("D35 does not wait for whoever may write into a pipe in its place", async () => {
		const path = file();
		execFileSync("mkfifo", [`${path}.pipe`]);
		await expect(readWhole(`${path}.pipe`, systemFiles, ourUid)).rejects.toThrow("it is not a regular file");
		expect(await append(`${path}.pipe`)).toBe(false);
	});

	it("takes a file that others may read: it holds nothing that is secret", async () => {
		const path = file();
		chmodSync(path, 0o644);
		expect(String(await readWhole(path, systemFiles, ourUid))).toBe(HEAD);
	});
});

describe("writeWhole", () => {
	it("D35 makes a file for its owner only, whatever the process allows others, and in place of any other", async () => {
		const path = file("before");
		chmodSync(path, 0o666);
		const before = process.umask(0);
		onTestFinished(() => void process.umask(before));
		await writeWhole(path, Buffer.from("after"), systemFiles, "1");
		expect(readFileSync(path, "utf8")).toBe("after");
		expect(statSync(path).mode & 0o777).toBe(0o600);
	});

	it("has the content on disk before the name leads to it, and the name before it is done", async () => {
		const path = file("before");
		const steps: string[] = [];
		const files: CacheFiles = {
			...systemFiles,
			open: async (...parameters) => {
				const handle = await systemFiles.open(...parameters);
				const sync = handle.sync.bind(handle);
				const noted = async () => {
					steps.push(`sync ${basename(String(parameters[0]))}`);
					await sync();
				};
				return Object.assign(handle, { sync: noted });
			},
			rename: async (from, to) => {
				steps.push("rename");
				await systemFiles.rename(from, to);
			},
		};
		await writeWhole(path, Buffer.from("after"), files, "1");
		expect(steps).toEqual(["sync record.1.tmp", "rename", `sync ${basename(dirname(path))}`]);
	});

	it.each<[string, (temporary: string, other: string) => void]>([
		["a file", (temporary) => writeFileSync(temporary, "theirs")],
		["a link", (temporary, other) => symlinkSync(other, temporary)],
	])("D35 neither writes into nor removes %s that lies where it wants to write first", async (_, put) => {
		const path = file("before");
		const other = file("other");
		put(`${path}.1.tmp`, other);
		await expect(writeWhole(path, Buffer.from("after"), systemFiles, "1")).rejects.toMatchObject({
			code: "EEXIST",
		});
		expect([path, other].map((each) => readFileSync(each, "utf8"))).toEqual(["before", "other"]);
		expect(existsSync(`${path}.1.tmp`)).toBe(true);
	});
});

describe("clearLeftovers", () => {
	it("removes what a crash left of this record, and nothing of another's", async () => {
		const path = file();
		const names = ["record.1.tmp", "other.1.tmp", "record.1.tmp.bak", "recorder.1.tmp", "record.clef"];
		for (const name of names) {
			writeFileSync(join(path, "..", name), "");
			utimesSync(join(path, "..", name), 1_000, 1_000);
		}
		await clearLeftovers(path, systemFiles, 1_060_000);
		expect(readdirSync(join(path, "..")).filter((name) => names.includes(name))).toHaveLength(5);
		await clearLeftovers(path, systemFiles, 1_060_001);
		expect(readdirSync(join(path, "..")).sort()).toEqual(["record", ...names.slice(1)].sort());
	});

	it("goes on where a leftover cannot be removed", async () => {
		const path = file();
		const faults = new FaultFiles();
		writeFileSync(`${path}.1.tmp`, "");
		faults.break("unlink", "EPERM");
		await expect(clearLeftovers(path, faults.files, Date.now() + 3_600_000)).resolves.toBeUndefined();
	});
});

it("leaves no file open, however often and whatever goes wrong", async () => {
	const path = file();
	const faults = new FaultFiles();
	const attempt = (work: Promise<unknown>) => work.catch(() => undefined);
	for (const broken of [undefined, "write", "sync", "rename"] as const) {
		if (broken !== undefined) faults.break(broken, "EIO");
		await attempt(writeWhole(path, Buffer.from(HEAD), faults.files, "1"));
		await attempt(readWhole(path, faults.files, (ourUid ?? 0) + 1));
		await attempt(readWhole(path, faults.files, ourUid));
		await attempt(append(path));
		await attempt(append(path, (ourUid ?? 0) + 1));
		faults.repair();
	}
	expect(openIn(join(path, ".."))).toEqual([]);
});
