import { TrustFloor } from "@clef-sh/artifact";
import type { ArtifactFile, KeptArtifact } from "@clef-sh/cache";
import { CacheError } from "@clef-sh/cache";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { held } from "@clef-sh/testkit/scripted-source";
import { describe, expect, it } from "vitest";
import { Disk } from "../src/disk.js";

const FULL = new CacheError("CACHE_UNWRITABLE", "The disk is full.");

type Save = (kept: KeptArtifact) => Promise<void>;
type Revoke = () => Promise<"recorded" | "removed">;

/** A disk over a file that does what the test says, and what was said of its health. */
function disk(does: { save?: Save; revoke?: Revoke; load?: () => Promise<undefined> } = {}) {
	const clock = new ManualClock();
	const health: unknown[] = [];
	const file = {
		save: async () => undefined,
		revoke: async () => "recorded",
		load: async () => undefined,
		adopt: () => undefined,
		...does,
	} as unknown as ArtifactFile;
	const reporter = {
		diskWorks: (holds: boolean) => health.push(holds),
		diskFailed: ({ code, message }: Error & { code: string }) => health.push(`${code} ${message}`),
	};
	return { clock, health, disk: new Disk(file, clock, reporter) };
}

const kept = (confirmedAtMs: number): KeptArtifact => ({ confirmedAtMs }) as KeptArtifact;

describe("Disk", () => {
	it("does nothing without a file", async () => {
		const { clock, health } = disk();
		const none = new Disk(undefined, clock, {
			diskWorks: () => health.push(1),
			diskFailed: () => health.push(2),
		});
		await none.keep(kept(1));
		await none.confirm(2);
		expect(await none.load()).toBeUndefined();
		expect(await none.revoke(new TrustFloor())).toBeUndefined();
		expect(health).toEqual([]);
	});

	it("D35 never rejects, and tells what went wrong and when it works again", async () => {
		let broken = true;
		const { disk: tried, health } = disk({
			save: async () => {
				if (broken) throw FULL;
			},
		});
		await tried.keep(kept(1));
		broken = false;
		await tried.confirm(2);
		expect(health).toEqual(["CACHE_UNWRITABLE The disk is full.", true]);
	});

	it("D35 hides what it does not know behind a code of its own", async () => {
		const { disk: tried, health } = disk({
			save: () => Promise.reject(new RangeError("with a secret in it")),
		});
		await tried.keep(kept(1));
		expect(health).toEqual(["CACHE_UNWRITABLE The cache directory failed unexpectedly."]);
	});

	it("D35 does not wait for one that hangs, and writes the latest once it answers", async () => {
		const gate = held<void>();
		const saved: number[] = [];
		const {
			clock,
			disk: tried,
			health,
		} = disk({
			save: async ({ confirmedAtMs }) => {
				await gate.promise;
				saved.push(confirmedAtMs);
			},
		});
		const first = tried.keep(kept(1));
		await clock.advance(2_000);
		await first;
		expect(health).toEqual([expect.stringContaining("does not answer within 2 s")]);
		const later = [tried.confirm(2), tried.confirm(3)];
		await clock.advance(2_000);
		await Promise.all(later);
		expect(saved).toEqual([]);
		gate.settle();
		await settle();
		expect(saved).toEqual([1, 3]);
		expect(health.at(-1)).toBe(true);
		expect(clock.pendingTimers).toBe(0);
	});

	it.each([...Array(12).keys()])(
		"D35 writes what comes %i microtasks after the one before is written",
		async (late) => {
			const saved: number[] = [];
			const { disk: tried } = disk({
				save: async ({ confirmedAtMs }) => {
					saved.push(confirmedAtMs);
				},
			});
			const first = tried.keep(kept(1));
			for (let turn = 0; turn < late; turn += 1) await undefined;
			await tried.confirm(2);
			await first;
			expect(saved).toEqual([1, 2]);
		},
	);

	it("A9 tells whether a revoked artifact is gone", async () => {
		const floor = new TrustFloor();
		expect(await disk().disk.revoke(floor)).toBe(true);
		const removed = disk({ revoke: async () => "removed" });
		expect(await removed.disk.revoke(floor)).toBe(true);
		expect(removed.health).toEqual([expect.stringContaining("the revocation cannot be written")]);
		expect(await disk({ revoke: () => Promise.reject(FULL) }).disk.revoke(floor)).toBe(false);
	});

	it("A9 takes a revoked artifact away as soon as a disk that hangs answers, and says until then that it is there", async () => {
		const gate = held<void>();
		const done: string[] = [];
		const { clock, disk: tried } = disk({
			save: async () => {
				await gate.promise;
				done.push("saved");
			},
			revoke: async () => {
				done.push("revoked");
				return "recorded";
			},
		});
		const keeping = tried.keep(kept(1));
		await clock.advance(2_000);
		await keeping;
		const revoking = tried.revoke(new TrustFloor());
		await clock.advance(2_000);
		expect(await revoking).toBe(false);
		gate.settle();
		await settle();
		expect(done).toEqual(["saved", "revoked"]);
	});

	it("A9 does not put a revoked artifact back that was still to be written", async () => {
		const gate = held<void>();
		const saved: number[] = [];
		const { clock, disk: tried } = disk({
			save: async ({ confirmedAtMs }) => {
				saved.push(confirmedAtMs);
				await gate.promise;
			},
		});
		const waiting = [tried.keep(kept(1)), tried.keep(kept(2)), tried.revoke(new TrustFloor())];
		await clock.advance(2_000);
		await Promise.all(waiting);
		gate.settle();
		await settle();
		expect(saved).toEqual([1]);
	});

	it("D35 does not wait at the start for a disk that hangs, and does not use what comes too late", async () => {
		const gate = held<undefined>();
		const { clock, disk: tried, health } = disk({ load: () => gate.promise });
		const loading = tried.load();
		await clock.advance(2_000);
		expect(await loading).toBeUndefined();
		gate.settle(undefined);
		await settle();
		expect(health).toEqual([expect.stringContaining("does not answer within 2 s")]);
		await tried.keep(kept(1));
		expect(health.at(-1)).toBe(true);
	});

	it("A9 has nothing to confirm after a revocation", async () => {
		const saved: number[] = [];
		const { disk: tried } = disk({ save: async ({ confirmedAtMs }) => void saved.push(confirmedAtMs) });
		await tried.keep(kept(1));
		await tried.revoke(new TrustFloor());
		await tried.confirm(2);
		expect(saved).toEqual([1]);
	});

	it("finds nothing where loading fails", async () => {
		const { disk: tried, health } = disk({ load: () => Promise.reject(FULL) });
		expect(await tried.load()).toBeUndefined();
		expect(health).toHaveLength(1);
	});
});
