import { describe, expect, it } from "vitest";
import {
	ageMs,
	assertServable,
	CacheError,
	type Instant,
	isExpired,
	SnapshotCache,
	type Unservable,
	unservable,
} from "../src/index.js";
import { verified } from "./verified.js";

const STALE_AFTER_MS = 300_000;
const EXPIRES_AT = "2026-11-22T06:00:00.000Z";
const START: Instant = { wallMs: Date.parse("2026-11-22T05:00:00.000Z"), monotonicMs: 50 };

const after = (ms: number, wallJumpMs = 0): Instant => ({
	wallMs: START.wallMs + ms + wallJumpMs,
	monotonicMs: START.monotonicMs + ms,
});

async function holding(expiresAt?: string): Promise<SnapshotCache<string>> {
	const cache = new SnapshotCache<string>(() => undefined);
	const artifact = await verified(expiresAt === undefined ? {} : { expiresAt });
	cache.replace({ artifact, content: "held", confirmedAt: START });
	return cache;
}

describe("unservable", () => {
	it.each<[string, number, Unservable | undefined]>([
		["at once", 0, undefined],
		["one millisecond before the bound", STALE_AFTER_MS - 1, undefined],
		["at the bound", STALE_AFTER_MS, "cache_expired"],
		["long after", STALE_AFTER_MS * 1000, "cache_expired"],
	])("judges staleness %s", async (_, ms, expected) => {
		expect(unservable(await holding(), STALE_AFTER_MS, after(ms))).toBe(expected);
	});

	it("A4 lets an artifact end at its own moment, confirmed or not", async () => {
		const cache = await holding(EXPIRES_AT);
		cache.confirm(after(3_600_000));
		expect(unservable(cache, STALE_AFTER_MS, after(3_599_999))).toBeUndefined();
		expect(unservable(cache, STALE_AFTER_MS, after(3_600_000))).toBe("artifact_expired");
	});

	it("T24 ages by the monotonic clock when the wall clock jumps", async () => {
		const cache = await holding();
		expect(unservable(cache, STALE_AFTER_MS, after(1000, 86_400_000))).toBeUndefined();
		expect(unservable(cache, STALE_AFTER_MS, after(STALE_AFTER_MS, -86_400_000))).toBe("cache_expired");
	});

	it("tells an empty cell's reason", () => {
		const cache = new SnapshotCache<string>(() => undefined);
		expect(unservable(cache, STALE_AFTER_MS, START)).toBe("not_loaded");
		cache.clear("revoked");
		expect(unservable(cache, STALE_AFTER_MS, START)).toBe("revoked");
	});
});

describe("assertServable", () => {
	it("returns what is held", async () => {
		expect(assertServable(await holding(), STALE_AFTER_MS, START).content).toBe("held");
	});

	it("refuses with a code and a reason of its own for each case", async () => {
		const empty = new SnapshotCache<string>(() => undefined);
		const revoked = new SnapshotCache<string>(() => undefined);
		revoked.clear("revoked");
		const cases = [
			[empty, START, "AGENT_NOT_READY", "not_loaded"],
			[revoked, START, "ARTIFACT_REVOKED", "revoked"],
			[await holding(), after(STALE_AFTER_MS), "AGENT_NOT_FRESH", "cache_expired"],
			[await holding(EXPIRES_AT), after(3_600_000), "ARTIFACT_EXPIRED", "artifact_expired"],
		] as const;
		for (const [cache, now, code, reason] of cases) {
			const refuse = (): unknown => assertServable(cache, STALE_AFTER_MS, now);
			expect(refuse).toThrow(CacheError);
			expect(refuse).toThrow(expect.objectContaining({ code, reason, retryable: true }));
		}
	});
});

describe("isExpired and ageMs", () => {
	it("never expires without an end", async () => {
		const { current } = await holding();
		expect(current && isExpired(current, after(Number.MAX_SAFE_INTEGER))).toBe(false);
	});

	it("counts from the last confirmation", async () => {
		const cache = await holding();
		cache.confirm(after(100));
		expect(cache.current && ageMs(cache.current, after(250))).toBe(150);
	});
});
