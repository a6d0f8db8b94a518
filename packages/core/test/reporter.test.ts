import {
	ArtifactError,
	parseArtifact,
	TrustFloor,
	type VerifiedArtifact,
	verifyArtifact,
} from "@clef-sh/artifact";
import { CacheError, SnapshotCache } from "@clef-sh/cache";
import { DecryptError } from "@clef-sh/decryptors";
import { SourceError } from "@clef-sh/sources";
import { type SealOptions, sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../src/index.js";
import { cachedMode, type Mode } from "../src/mode.js";
import { Reporter } from "../src/reporter.js";

const START = Date.parse("2026-11-22T05:00:00.000Z");
const TTL_MS = 300_000;
const late = new SourceError("SOURCE_TIMEOUT", "Late.", { retryAfterMs: 7_000 });
const wrongKey = new DecryptError("DECRYPT_NO_IDENTITY", "No key fits.");
const full = new CacheError("CACHE_UNWRITABLE", "The disk is full.");

async function verified(options: SealOptions): Promise<VerifiedArtifact> {
	const parsed = parseArtifact(await sealArtifact(options));
	if (parsed.kind !== "artifact") throw new TypeError("sealed a revocation");
	return verifyArtifact(parsed, { trustedKeys: [], floor: new TrustFloor() }, START);
}

/** A reporter over a cell that the test fills, and what it told. */
function reporting() {
	const clock = new ManualClock(START);
	const cache = new SnapshotCache<string>(() => undefined);
	const events: AgentEvent[] = [];
	const { staleAfterMs } = cachedMode({ decrypt: async () => new Uint8Array() }, TTL_MS / 1000);
	const mode = { name: "cached", staleAfterMs } as Mode<string>;
	const reporter = new Reporter((event) => events.push(event), clock, cache, mode);
	const hold = async (options: SealOptions = {}) => {
		const artifact = await verified(options);
		const confirmedAt = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
		cache.replace({ artifact, content: "held", confirmedAt });
		return artifact;
	};
	const drain = () => events.splice(0);
	return { cache, clock, drain, hold, names: () => drain().map(({ event }) => event), reporter };
}

describe("what time alone has changed", () => {
	it("is told once, when it is first looked at", async () => {
		const { clock, drain, hold, names, reporter } = reporting();
		await hold();
		reporter.observe();
		clock.freeze(TTL_MS - 1);
		reporter.observe();
		expect(names()).toEqual([]);
		clock.freeze(1);
		reporter.observe();
		reporter.observe();
		expect(drain()).toEqual([
			{ event: "cache.expired", at: START + TTL_MS, cacheTtlSeconds: 300, diskCacheAvailable: undefined },
		]);
	});

	it("A4 names the artifact that has ended, of which nothing is served any more", async () => {
		const { clock, drain, hold, reporter } = reporting();
		const expiresAt = "2026-11-22T05:01:00.000Z";
		await hold({ expiresAt });
		clock.freeze(60_000);
		reporter.observe();
		expect(drain()).toEqual([
			{
				event: "artifact.expired",
				at: START + 60_000,
				revision: "r1",
				expiresAt,
				serving: { revision: undefined, untilMs: undefined },
			},
		]);
	});

	it("is over once something may be served again, and told again the next time", async () => {
		const { clock, drain, hold, names, reporter } = reporting();
		await hold();
		clock.freeze(TTL_MS);
		reporter.observe();
		await hold({ revision: "r2" });
		reporter.observe();
		reporter.observe();
		expect(drain().at(-1)).toEqual({ event: "agent.recovered", at: START + TTL_MS, revision: "r2" });
		clock.freeze(TTL_MS);
		reporter.observe();
		expect(names()).toEqual(["cache.expired"]);
	});
});

describe("what is served", () => {
	it.each([
		["the TTL", {}, START + TTL_MS],
		["the artifact's end, where that is sooner", { expiresAt: "2026-11-22T05:01:00.000Z" }, START + 60_000],
		["the TTL, where that is sooner", { expiresAt: "2026-11-22T06:00:00.000Z" }, START + TTL_MS],
	])("is told with a failure, until %s", async (_, options, untilMs) => {
		const { clock, drain, hold, reporter } = reporting();
		await hold(options);
		clock.freeze(10_000);
		reporter.refreshFailed(late);
		expect(drain()).toMatchObject([
			{ event: "fetch.failed", retryAfterMs: 7_000, serving: { revision: "r1", untilMs } },
		]);
	});

	it("is nothing where nothing may be", () => {
		const { drain, reporter } = reporting();
		reporter.refreshFailed(late);
		expect(drain()).toMatchObject([{ serving: { revision: undefined, untilMs: undefined } }]);
	});
});

describe("the last error", () => {
	it("is the later of the two kinds, each until it succeeds", async () => {
		const { clock, hold, reporter } = reporting();
		await hold();
		reporter.refreshFailed(late);
		clock.freeze(1_000);
		reporter.openFailed(wrongKey);
		expect(reporter.lastError).toEqual({ code: "DECRYPT_NO_IDENTITY", at: START + 1_000 });
		clock.freeze(1_000);
		reporter.refreshFailed(late);
		expect(reporter.lastError).toEqual({ code: "SOURCE_TIMEOUT", at: START + 2_000 });
		reporter.refreshed();
		expect(reporter.lastError?.code).toBe("DECRYPT_NO_IDENTITY");
		reporter.opened();
		expect(reporter.lastError).toBeUndefined();
	});

	it("keeps the agent from being called well, whichever it is", async () => {
		const { drain, hold, names, reporter } = reporting();
		await hold();
		reporter.refreshFailed(late);
		reporter.openFailed(wrongKey);
		reporter.refreshed();
		reporter.observe();
		expect(names()).toEqual(["fetch.failed", "artifact.invalid"]);
		reporter.opened();
		expect(drain()).toMatchObject([{ event: "agent.recovered", revision: "r1" }]);
	});

	it("is one failure for all who share a decryption, and another one for the next", async () => {
		const { hold, names, reporter } = reporting();
		await hold();
		reporter.openFailed(wrongKey);
		reporter.openFailed(wrongKey);
		expect(names()).toEqual(["artifact.invalid"]);
		reporter.openFailed(new DecryptError("DECRYPT_NO_IDENTITY", "No key fits."));
		expect(names()).toEqual(["artifact.invalid"]);
		reporter.opened();
		reporter.opened();
		reporter.openFailed(wrongKey);
		expect(names()).toEqual(["agent.recovered", "artifact.invalid"]);
	});
});

describe("a refused artifact", () => {
	it("that has ended is told as such, without the name that was not taken", () => {
		const { drain, reporter } = reporting();
		reporter.refreshFailed(new ArtifactError("ARTIFACT_EXPIRED", "It has ended."));
		expect(drain()).toMatchObject([{ event: "artifact.expired", revision: undefined, expiresAt: undefined }]);
	});

	it("A9 that was revoked empties the cell, of which nothing more is told", async () => {
		const { cache, clock, drain, hold, reporter } = reporting();
		await hold();
		cache.clear("revoked");
		reporter.revoked({ revokedAtMs: START }, undefined);
		reporter.observe();
		clock.freeze(TTL_MS);
		reporter.observe();
		expect(drain()).toEqual([
			{
				event: "artifact.revoked",
				at: START,
				revokedAt: "2026-11-22T05:00:00.000Z",
				diskCachePurged: undefined,
			},
		]);
		await hold({ revision: "r2" });
		reporter.observe();
		expect(drain()).toMatchObject([{ event: "agent.recovered", revision: "r2" }]);
	});
});

describe("trouble with the disk", () => {
	it("is told once for as long as it stays the same, and once when it is over", () => {
		const { drain, names, reporter } = reporting();
		reporter.diskWorks(true);
		expect(names()).toEqual([]);
		reporter.diskFailed(full);
		reporter.diskFailed(new CacheError("CACHE_UNWRITABLE", "The disk is full."));
		reporter.diskFailed(new CacheError("CACHE_UNWRITABLE", "The disk is gone."));
		expect(drain()).toMatchObject([{ error: "The disk is full." }, { error: "The disk is gone." }]);
		reporter.diskWorks(false);
		reporter.diskWorks(true);
		reporter.diskFailed(full);
		expect(names()).toEqual(["disk.recovered", "disk.failed"]);
	});

	it.each([
		["nothing", () => undefined, undefined],
		["an artifact", (reporter: Reporter<string>) => reporter.diskWorks(true), true],
		["no artifact", (reporter: Reporter<string>) => reporter.diskWorks(false), false],
		["a fault", (reporter: Reporter<string>) => reporter.diskFailed(full), false],
	])("shows in what a restart would find: %s", (_, happen, diskCacheAvailable) => {
		const { drain, reporter } = reporting();
		happen(reporter);
		reporter.refreshFailed(late);
		expect(drain().at(-1)).toMatchObject({ event: "fetch.failed", diskCacheAvailable });
	});
});

describe("D38 trouble with rotated credentials", () => {
	it("is told once each, for as long as it stays, and again when it comes back", () => {
		const { drain, names, reporter } = reporting();
		reporter.credentials([wrongKey, late]);
		expect(drain()).toMatchObject([
			{ event: "credential.failed", code: "DECRYPT_NO_IDENTITY", error: "No key fits." },
			{ event: "credential.failed", code: "SOURCE_TIMEOUT", error: "Late." },
		]);
		reporter.credentials([late, wrongKey]);
		reporter.credentials([late]);
		expect(names()).toEqual([]);
		reporter.credentials([late, wrongKey]);
		expect(drain()).toMatchObject([{ error: "No key fits." }]);
	});
});

it("counts how long it ran by the clock that does not jump", () => {
	const { clock, drain, reporter } = reporting();
	clock.freeze(61_499);
	clock.jumpTo(START - 86_400_000);
	reporter.stopped();
	expect(drain()).toEqual([{ event: "agent.stopped", at: START - 86_400_000, uptimeSeconds: 61 }]);
});
