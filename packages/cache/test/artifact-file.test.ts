import {
	chmodSync,
	linkSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TrustFloor } from "@clef-sh/artifact";
import { describe, expect, it } from "vitest";
import { NOW, ourUid, stage } from "./file-stage.js";

describe("what is saved", () => {
	it("comes back in another process, exactly as it was verified", async () => {
		const { again, first, kept } = await stage();
		await first.save(kept);
		const record = await again().load();
		expect(record?.bytes).toEqual(kept.bytes);
		expect(record).toMatchObject({ validator: kept.validator, confirmedAtMs: NOW });
		expect(record?.floor).toEqual(kept.floor.state());
	});

	it("D35 lies in a directory and a file for its owner only", async () => {
		const { first, folder, kept, path } = await stage();
		await first.save(kept);
		expect(statSync(folder).mode & 0o777).toBe(0o700);
		expect(statSync(path()).mode & 0o777).toBe(0o600);
	});

	it("holds no secret in clear", async () => {
		const { first, kept, path } = await stage();
		await first.save(kept);
		expect(readFileSync(path(), "latin1")).not.toContain("value");
	});

	it("costs one appended line when only the confirmation is new", async () => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		const { ino, size } = statSync(path());
		await first.save({ ...kept, confirmedAtMs: NOW + 30_000 });
		expect(statSync(path()).ino).toBe(ino);
		expect(statSync(path()).size).toBeLessThan(size + 60);
		expect((await again().load())?.confirmedAtMs).toBe(NOW + 30_000);
	});

	it("is written anew after a thousand confirmations, so that it does not grow for ever", async () => {
		const { first, kept, path } = await stage();
		await first.save(kept);
		const { size } = statSync(path());
		for (let ms = 1; ms <= 1_001; ms += 1) await first.save({ ...kept, confirmedAtMs: NOW + ms });
		expect(statSync(path()).size).toBeLessThan(size + 60);
	});

	it("goes on with what was loaded, without writing it again", async () => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		const { ino } = statSync(path());
		const second = again();
		const record = await second.load();
		if (record === undefined) throw new RangeError("nothing was loaded");
		second.adopt(kept, record);
		await second.save({ ...kept, confirmedAtMs: NOW + 5 });
		expect(statSync(path()).ino).toBe(ino);
	});

	it("is written anew when the source names it otherwise", async () => {
		const { again, first, kept } = await stage();
		await first.save(kept);
		await first.save({ ...kept, validator: { etag: '"other"' } });
		expect((await again().load())?.validator).toEqual({ etag: '"other"' });
	});

	it("is nothing where nothing was saved", async () => {
		const { first } = await stage();
		expect(await first.load()).toBeUndefined();
	});
});

describe("A9 a revocation", () => {
	it("leaves nothing but the floor", async () => {
		const { again, first, floor, kept } = await stage();
		await first.save(kept);
		floor.revoke({ kind: "revocation", revokedAtMs: NOW }, NOW);
		expect(await first.revoke(floor)).toBe("recorded");
		expect(await again().load()).toMatchObject({ bytes: undefined, floor: { revokedAtMs: NOW } });
	});

	it("is written once, however often the source repeats it, and again when the file is gone", async () => {
		const { again, first, floor, kept, path } = await stage();
		await first.save(kept);
		floor.revoke({ kind: "revocation", revokedAtMs: NOW }, NOW);
		await first.revoke(floor);
		const { ino } = statSync(path());
		await first.revoke(floor);
		expect(statSync(path()).ino).toBe(ino);
		rmSync(path());
		await first.revoke(floor);
		expect((await again().load())?.floor.revokedAtMs).toBe(NOW);
	});

	it("A1 keeps the higher floor of another agent", async () => {
		const { again, first, floor, kept, newer } = await stage();
		await first.save(kept);
		await again().save(await newer());
		floor.revoke({ kind: "revocation", revokedAtMs: NOW }, NOW);
		await first.revoke(floor);
		expect((await again().load())?.floor).toMatchObject({ revokedAtMs: NOW, marks: [{ revision: "r2" }] });
	});

	it("removes the file when it cannot be written, and says that it is not recorded", async () => {
		const { again, faults, first, floor, kept } = await stage();
		await first.save(kept);
		faults.break("write", "ENOSPC");
		expect(await first.revoke(floor)).toBe("removed");
		expect(await again().load()).toBeUndefined();
		expect(await first.revoke(floor)).toBe("removed");
	});

	it("says so when not even that works", async () => {
		const { faults, first, floor, kept } = await stage();
		await first.save(kept);
		faults.break("write", "EROFS");
		faults.break("unlink", "EROFS");
		await expect(first.revoke(floor)).rejects.toMatchObject({
			code: "CACHE_UNWRITABLE",
			message: expect.stringContaining("the file system is read-only"),
		});
	});
});

describe("D35 a disk that fails", () => {
	it.each([
		["write", "ENOSPC", "the disk is full"],
		["sync", "EIO", "EIO"],
		["rename", "EROFS", "the file system is read-only"],
		["open", "EACCES", "permission denied"],
		["mkdir", "EROFS", "the file system is read-only"],
	] as const)("at %s with %s leaves the record before as it was", async (operation, code, reason) => {
		const { again, faults, first, kept, newer, path } = await stage();
		await first.save(kept);
		faults.break(operation, code);
		const next = await newer();
		await expect(first.save(next)).rejects.toMatchObject({
			code: "CACHE_UNWRITABLE",
			message: expect.stringContaining(reason),
		});
		faults.repair();
		expect((await again().load())?.bytes).toEqual(kept.bytes);
		expect(readdirSync(join(path(), ".."))).toHaveLength(1);
		await first.save(next);
		expect((await again().load())?.bytes).toEqual(next.bytes);
	});

	it("at an append gets the whole record written anew", async () => {
		const { again, faults, first, kept, path } = await stage();
		await first.save(kept);
		rmSync(path());
		await first.save({ ...kept, confirmedAtMs: NOW + 1 });
		expect(await again().load()).toMatchObject({ confirmedAtMs: NOW + 1 });
		faults.break("open", "EMFILE");
		await expect(first.save({ ...kept, confirmedAtMs: NOW + 2 })).rejects.toMatchObject({
			code: "CACHE_UNWRITABLE",
		});
	});

	it("between write and rename leaves a file that a later start clears, and not one still being written", async () => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		const [old, young] = [`${path()}.dead.tmp`, `${path()}.alive.tmp`];
		for (const file of [old, young]) writeFileSync(file, "half");
		utimesSync(old, NOW / 1000 - 120, NOW / 1000 - 120);
		utimesSync(young, NOW / 1000, NOW / 1000);
		expect((await again().load())?.bytes).toEqual(kept.bytes);
		expect(readdirSync(join(path(), "..")).filter((name) => name.endsWith(".tmp"))).toEqual([
			young.slice(young.lastIndexOf("/") + 1),
		]);
	});
});

describe("D35 a file that is not as it was left", () => {
	it.each<[string, (path: string) => void, RegExp]>([
		["a symbolic link", (path) => swap(path, (target) => symlinkSync(target, path)), /symbolic link/],
		["a hard link", (path) => linkSync(path, `${path}.second`), /second name/],
		["a directory", (path) => swap(path, () => mkdirSync(path)), /not a regular file/],
		["writable by others", (path) => chmodSync(path, 0o622), /other users may write/],
		["truncated", (path) => writeFileSync(path, readFileSync(path).subarray(0, 300)), /damaged/],
		["something else", (path) => writeFileSync(path, "[]"), /damaged/],
		["empty", (path) => writeFileSync(path, ""), /damaged/],
	])("%s is not used, and is replaced without touching what it leads to", async (_, spoil, reason) => {
		const { again, first, kept, path } = await stage();
		await first.save(kept);
		spoil(path());
		await expect(again().load()).rejects.toMatchObject({
			code: "CACHE_UNREADABLE",
			message: expect.stringMatching(reason),
		});
		if (statSync(path()).isDirectory()) rmSync(path(), { recursive: true });
		await first.save({ ...kept, confirmedAtMs: NOW + 1 });
		expect((await again().load())?.bytes).toEqual(kept.bytes);
		expect(statSync(path()).nlink).toBe(1);
	});

	it("of another user is not used", async () => {
		const { again, first, kept } = await stage();
		await first.save(kept);
		await expect(again({ uid: (ourUid ?? 0) + 1 }).load()).rejects.toMatchObject({
			message: expect.stringContaining("belongs to user"),
		});
	});
});

describe("D35 a directory that is not ours alone", () => {
	it("open to others is refused with what to do", async () => {
		const { first, folder, kept } = await stage();
		mkdirSync(folder, { recursive: true });
		chmodSync(folder, 0o777);
		await expect(first.save(kept)).rejects.toMatchObject({
			code: "CACHE_UNWRITABLE",
			message: expect.stringContaining("chmod 700"),
		});
	});

	it("that is a link, or a file, is refused", async () => {
		const { directory, first, folder, kept } = await stage();
		mkdirSync(join(directory, "elsewhere"), { mode: 0o700 });
		symlinkSync(join(directory, "elsewhere"), folder);
		await expect(first.save(kept)).rejects.toMatchObject({
			message: expect.stringContaining("not a directory"),
		});
		expect(readdirSync(join(directory, "elsewhere"))).toEqual([]);
		rmSync(folder);
		writeFileSync(folder, "");
		await expect(first.load()).rejects.toMatchObject({ code: "CACHE_UNREADABLE" });
	});

	it("in a world-writable place is made safe by a folder of its own", async () => {
		const { again, directory, first, kept } = await stage();
		chmodSync(directory, 0o777);
		await first.save(kept);
		expect((await again().load())?.bytes).toEqual(kept.bytes);
	});
});

describe("D35 two agents that share a directory", () => {
	it("A1 the one that is behind does not put the older artifact back", async () => {
		const { again, first, kept, newer } = await stage();
		const second = again();
		await first.save(kept);
		await second.save(await newer());
		await first.save({ ...kept, confirmedAtMs: NOW + 60_000 });
		expect(await again().load()).toMatchObject({
			confirmedAtMs: NOW,
			floor: { marks: [{ revision: "r2" }] },
		});
	});

	it("A9 the one that has not heard of a revocation does not undo it", async () => {
		const { again, first, kept } = await stage();
		const second = again();
		await first.save(kept);
		const floor = new TrustFloor();
		floor.merge(kept.floor.state());
		floor.revoke({ kind: "revocation", revokedAtMs: NOW }, NOW);
		await second.revoke(floor);
		await first.save({ ...kept, confirmedAtMs: NOW + 60_000 });
		expect((await again().load())?.bytes).toBeUndefined();
	});

	it("both append to the same record when they hold the same", async () => {
		const { again, first, kept, path } = await stage();
		const second = again();
		await first.save(kept);
		await second.save(kept);
		const { ino } = statSync(path());
		await first.save({ ...kept, confirmedAtMs: NOW + 1 });
		await second.save({ ...kept, confirmedAtMs: NOW + 2 });
		expect(statSync(path()).ino).toBe(ino);
		expect((await again().load())?.confirmedAtMs).toBe(NOW + 2);
	});
});

/** Moves a file aside and puts something else where it was. */
function swap(path: string, put: (target: string) => void): void {
	const target = `${path}.moved`;
	writeFileSync(target, readFileSync(path), { mode: 0o600 });
	rmSync(path);
	put(target);
}

it("works where users have no numbers", async () => {
	const { again, kept } = await stage();
	const file = again({ uid: undefined });
	await file.save(kept);
	await file.save({ ...kept, confirmedAtMs: NOW + 1 });
	expect((await file.load())?.confirmedAtMs).toBe(NOW + 1);
});

it("says an unknown failure by its code, or that it is unknown", async () => {
	const { faults, first, kept } = await stage();
	faults.break("rename", "EWEIRD");
	await expect(first.save(kept)).rejects.toMatchObject({ message: expect.stringContaining("(EWEIRD)") });
	faults.break("rename", "");
	await expect(first.save(kept)).rejects.toMatchObject({
		message: expect.stringContaining("unexpected failure"),
	});
});
