import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { TOKEN } from "./agent.js";
import { VALUE_MARK } from "./revision.js";
import { type SoakResult, soak } from "./run.js";
import { median, summary, tenth } from "./summary.js";

/** Of both modes together. */
const SECONDS = Number(process.env.CLEF_SOAK_SECONDS ?? 600);

/** Growth of the resident memory from the second tenth of the time to the last that is no leak. */
const RSS_GROWTH = 1.15;
/** The agent's connection to its source comes and goes; a leak would be one for each of hundreds of reads. */
const SPARE_DESCRIPTORS = 2;
/** In less time, what grows is the heap of a process that has just started. */
const RSS_SECONDS = 60;
/**
 * Just-in-time says of every artifact without a KMS envelope that no KMS guards it; here none shall. And whoever runs
 * this may be root.
 */
const EXPECTED: ReadonlySet<unknown> = new Set(["kms.gate_missing", "process.root"]);
/** An orchestrator kills after this. */
const STOP_MS = 5_000;

const noProc = existsSync("/proc/self/status") ? false : "no /proc on this system";

describe.each([
	{ mode: "cached", ttlSeconds: 10, seconds: SECONDS * 0.8 },
	{ mode: "just-in-time", ttlSeconds: 0, seconds: SECONDS * 0.2 },
])("$mode, under full load with a new artifact every second", ({ mode, ttlSeconds, seconds }) => {
	let result: SoakResult;

	beforeAll(
		async () => {
			result = await soak({ ttlSeconds, seconds });
			console.log(`\n${summary(mode, result)}\n`);
		},
		(seconds + 60) * 1000,
	);

	it("T25 answers every request with one whole revision, never an older one", () => {
		expect(result.failures).toEqual([]);
		expect(result.tally.failures).toBe(0);
		for (const [route, count] of Object.entries(result.tally.requests)) {
			expect(count, route).toBeGreaterThan(0);
		}
	});

	it("D37 serves every revision, each before the next one is put", () => {
		expect(result.rotationMs.length).toBeGreaterThanOrEqual(Math.ceil(seconds) - 1);
		expect(result.rotationMs.filter((ms) => ms === undefined || ms > 1_000)).toEqual([]);
	});

	it("logs no trouble, no value and no token", () => {
		const trouble = result.log.filter(({ level, event }) => level !== "INFO" && !EXPECTED.has(event));
		expect(trouble).toEqual([]);
		expect(result.stderr).not.toContain(VALUE_MARK);
		expect(result.stderr).not.toContain(TOKEN);
	});

	it("keeps its memory flat", ({ skip }) => {
		if (noProc) skip(noProc);
		if (seconds < RSS_SECONDS) skip(`${seconds} s are too short to tell growth from warming up`);
		const rss = result.usage.map(({ rssMib }) => rssMib);
		expect(median(tenth(rss, 9)) / median(tenth(rss, 1))).toBeLessThan(RSS_GROWTH);
		// The lowest of each: what a collection leaves behind.
		expect(Math.min(...tenth(rss, 9)) / Math.min(...tenth(rss, 1))).toBeLessThan(RSS_GROWTH);
	});

	it("keeps no descriptor", ({ skip }) => {
		if (noProc) skip(noProc);
		if (result.usage.length < 10) skip(`${seconds} s are too short for ten parts`);
		const descriptors = result.usage.map(({ descriptors }) => descriptors);
		const growth = median(tenth(descriptors, 9)) - median(tenth(descriptors, 1));
		expect(growth).toBeLessThanOrEqual(SPARE_DESCRIPTORS);
	});

	it("D36 ends with status 0 within five seconds while the load is on, and answers what was under way", () => {
		expect(result.abandoned).toBe(0);
		expect(result.exit).toMatchObject({ status: 0, signal: null });
		expect(result.exit.afterMs).toBeLessThan(STOP_MS);
	});
});
