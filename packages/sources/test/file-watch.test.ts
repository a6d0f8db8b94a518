import { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSource, type Watch } from "../src/index.js";
import { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.js";

const POLL_MS = 500;
const SETTLE_MS = 50;

/** Counts calls, and lets a test wait for the next one. */
class Changes {
	count = 0;
	#resolve: () => void = () => undefined;

	readonly onChange = (): void => {
		this.count++;
		this.#resolve();
	};

	next(): Promise<void> {
		return new Promise((resolve) => {
			this.#resolve = resolve;
		});
	}
}

describe("FileWatch", () => {
	let directory: TemporaryDirectory;
	let path: string;
	let changes: Changes;
	let watch: Watch | undefined;
	beforeEach(async () => {
		directory = await temporaryDirectory();
		path = join(directory.path, "artifact.age.json");
		changes = new Changes();
		await writeFile(path, "one");
	});
	afterEach(async () => {
		watch?.close();
		await directory.remove();
	});

	function start(timers?: HandFiredTimers, at = path): void {
		watch = createSource({ kind: "file", path: at }, { ...(timers && { timers }) }).watch?.(changes.onChange);
	}

	/** Lets one poll go by; the next one being set says that it is over. */
	async function poll(timers: HandFiredTimers): Promise<void> {
		const over = timers.nextSet(POLL_MS);
		timers.fire(POLL_MS);
		await over;
	}

	async function replace(content: string): Promise<void> {
		await writeFile(`${path}.next`, content);
		await rename(`${path}.next`, path);
	}

	describe("by file system events and real timers", () => {
		it("sees a write in place", async () => {
			start();
			const changed = changes.next();
			await writeFile(path, "two");
			await changed;
		});

		it("sees atomic renames, one after the other", async () => {
			start();
			for (const content of ["two", "three"]) {
				const changed = changes.next();
				await replace(content);
				await changed;
			}
		});

		it("sees the ..data swap of a Kubernetes volume", async () => {
			const volume = await kubernetesVolume(directory.path);
			start(undefined, volume.path);
			for (const content of ["two", "three"]) {
				const changed = changes.next();
				await volume.swap(content);
				await changed;
			}
		});
	});

	describe("by events alone", () => {
		it("takes a burst of events for one change", async () => {
			const timers = new HandFiredTimers();
			const settling = timers.nextSet(SETTLE_MS);
			start(timers);
			for (const content of ["two", "three", "four"]) await replace(content);
			await settling;
			const changed = changes.next();
			timers.fire(SETTLE_MS);
			await changed;
			await poll(timers);
			expect(changes.count).toBe(1);
		});

		it("looks after an event even while events keep coming", async () => {
			const timers = new HandFiredTimers();
			const settling = timers.nextSet(SETTLE_MS);
			start(timers);
			await replace("two");
			await settling;
			for (let i = 0; i < 5; i++) await writeFile(join(directory.path, `other-${i}`), "");
			expect(timers.pending.filter((ms) => ms === SETTLE_MS)).toHaveLength(1);
		});
	});

	describe("by polling alone", () => {
		let timers: HandFiredTimers;
		beforeEach(() => {
			timers = new HandFiredTimers();
		});

		it("sees a change, once", async () => {
			start(timers);
			await replace("two");
			await poll(timers);
			await poll(timers);
			expect(changes.count).toBe(1);
		});

		it("sees a new content of the same length and time", async () => {
			await utimes(path, 1, 1);
			start(timers);
			await writeFile(path, "two");
			await utimes(path, 1, 1);
			await poll(timers);
			expect(changes.count).toBe(1);
		});

		it("is not bothered by other files of the directory, nor by reading", async () => {
			start(timers);
			await writeFile(join(directory.path, "other"), "x");
			await createSource({ kind: "file", path }).read(undefined, new AbortController().signal);
			await poll(timers);
			expect(changes.count).toBe(0);
		});

		it("sees a parent directory's link swapped", async () => {
			for (const name of ["v1", "v2"]) {
				await mkdir(join(directory.path, name));
				await writeFile(join(directory.path, name, "a"), name);
			}
			const current = join(directory.path, "current");
			await symlink("v1", current);
			start(timers, join(current, "a"));
			await symlink("v2", `${current}.next`);
			await rename(`${current}.next`, current);
			await poll(timers);
			expect(changes.count).toBe(1);
		});

		it("waits for a directory that is not there yet, and then has its events too", async () => {
			const late = join(directory.path, "late");
			start(timers, join(late, "a"));
			await poll(timers);
			expect(changes.count).toBe(0);
			await mkdir(late);
			await poll(timers);
			const settling = timers.nextSet(SETTLE_MS);
			await writeFile(join(late, "a"), "one");
			await settling;
			await poll(timers);
			expect(changes.count).toBe(1);
		});

		it("survives the directory being removed and made again", async () => {
			const folder = join(directory.path, "folder");
			await mkdir(folder);
			await writeFile(join(folder, "a"), "one");
			start(timers, join(folder, "a"));
			await rm(folder, { recursive: true });
			await poll(timers);
			expect(changes.count).toBe(1);
			await mkdir(folder);
			await writeFile(join(folder, "a"), "two");
			await poll(timers);
			expect(changes.count).toBe(2);
		});

		it("keeps polling where the directory cannot be watched", async () => {
			const impossible = join(path, "a");
			start(timers, impossible);
			await rm(path);
			await mkdir(path);
			await writeFile(impossible, "one");
			await poll(timers);
			expect(changes.count).toBe(1);
		});
	});

	it("says nothing and leaves nothing behind after close", async () => {
		const timers = new HandFiredTimers();
		const settling = timers.nextSet(SETTLE_MS);
		start(timers);
		await replace("two");
		await settling;
		watch?.close();
		expect(timers.pending).toEqual([]);
		watch?.close();
		expect(changes.count).toBe(0);
	});

	it("says nothing when closed while it looks", async () => {
		const timers = new HandFiredTimers();
		start(timers);
		await replace("two");
		timers.fire(POLL_MS);
		watch?.close();
		// A second watch that polls the same change afterwards outlasts the first one's look at it.
		const other = new Changes();
		const seen = other.next();
		const second = createSource({ kind: "file", path }, { timers }).watch?.(other.onChange);
		await replace("three");
		timers.fire(POLL_MS);
		await seen;
		second?.close();
		expect(changes.count).toBe(0);
	});
});

/** Lays a volume out as the kubelet does: file → ..data/file, ..data → a directory with the content. */
async function kubernetesVolume(
	parent: string,
): Promise<{ path: string; swap: (content: string) => Promise<void> }> {
	const volume = join(parent, "volume");
	await mkdir(volume);
	let generation = 0;
	const swap = async (content: string): Promise<void> => {
		const name = `..2030_01_01_${++generation}`;
		await mkdir(join(volume, name));
		await writeFile(join(volume, name, "artifact"), content);
		await symlink(name, join(volume, "..data_tmp"));
		await rename(join(volume, "..data_tmp"), join(volume, "..data"));
		await rm(join(volume, `..2030_01_01_${generation - 1}`), { recursive: true, force: true });
	};
	await swap("one");
	await symlink(join("..data", "artifact"), join(volume, "artifact"));
	return { path: join(volume, "artifact"), swap };
}
