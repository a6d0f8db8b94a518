import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextRefreshDelayMs, type ScheduleInput } from "../src/schedule.js";

const BASE: ScheduleInput = { failures: 0, pollMs: 30_000, backoffCapMs: 300_000, random: () => 0 };
const delay = (input: Partial<ScheduleInput>): number => nextRefreshDelayMs({ ...BASE, ...input });

describe("after a success", () => {
	it("polls at the interval, jittered to at most a tenth sooner and never later", () => {
		expect(delay({ random: () => 0 })).toBe(30_000);
		expect(delay({ random: () => 0.999_999 })).toBe(27_000);
	});

	it("T22 spreads a fleet that started at one moment over a whole interval", () => {
		const agents = Array.from({ length: 500 }, (_, n) => delay({ isFirst: true, random: () => n / 500 }));
		expect(Math.max(...agents)).toBe(30_000);
		expect(Math.min(...agents)).toBe(1_000);
		for (let second = 1; second < 30; second += 1) {
			const together = agents.filter((ms) => ms >= second * 1_000 && ms < (second + 1) * 1_000);
			expect(together.length).toBeLessThan(40);
		}
	});

	it("comes sooner when 80 % of the time to the artifact's end comes first", () => {
		expect(delay({ untilExpiryMs: 10_000 })).toBe(8_000);
	});

	it("T23 does not spin on an artifact about to end, or one that has", () => {
		expect(delay({ untilExpiryMs: 1 })).toBe(1_000);
		expect(delay({ untilExpiryMs: 0 })).toBe(30_000);
		expect(delay({ untilExpiryMs: -5 })).toBe(30_000);
	});

	it("T23 clamps what no timer can hold", () => {
		const year9999 = Date.parse("9999-12-31T23:59:59Z");
		expect(delay({ pollMs: 1e15, untilExpiryMs: year9999 })).toBe(2 ** 31 - 1);
		expect(delay({ pollMs: 30_000, untilExpiryMs: year9999 })).toBe(30_000);
		expect(delay({ pollMs: 30_000, untilExpiryMs: 60 * 86_400_000 })).toBe(30_000);
	});
});

describe("after failures", () => {
	it("T22 doubles the ceiling from two seconds up to the cap, and jitters over all of it", () => {
		const ceiling = (failures: number): number => delay({ failures, random: () => 0.999_999_999 });
		expect([1, 2, 3, 4].map(ceiling)).toEqual([2_000, 4_000, 8_000, 16_000]);
		expect(ceiling(50)).toBe(300_000);
		expect(delay({ failures: 5, random: () => 0.5 })).toBe(16_000);
		expect(delay({ failures: 5, random: () => 0 })).toBe(1_000);
	});

	it("tries once more when what is held is about to become stale", () => {
		expect(delay({ failures: 9, random: () => 0.9, untilStaleMs: 4_000 })).toBe(4_000);
		expect(delay({ failures: 9, random: () => 0.5, untilStaleMs: -1 })).toBe(150_000);
	});

	it("T22 waits at least as long as the source asked, and a little longer by chance", () => {
		expect(delay({ failures: 1, retryAfterMs: 60_000 })).toBe(60_000);
		expect(delay({ failures: 1, retryAfterMs: 60_000, random: () => 0.5 })).toBe(63_000);
		expect(delay({ failures: 9, retryAfterMs: 1_000, random: () => 0.5 })).toBe(150_000);
		expect(delay({ failures: 1, retryAfterMs: 60_000, untilStaleMs: 2_000 })).toBe(60_000);
	});

	it("T22 does not wait for days because a proxy said so", () => {
		expect(delay({ failures: 1, retryAfterMs: 86_400_000 })).toBe(3_600_000);
	});

	it("T22 spreads a fleet that failed at the same moment", () => {
		const delays = Array.from({ length: 500 }, (_, agent) =>
			delay({ failures: 6, random: () => agent / 500 }),
		);
		expect(new Set(delays).size).toBeGreaterThan(480);
		expect(Math.max(...delays)).toBeLessThanOrEqual(64_000);
	});
});

it("always yields a whole delay that a timer can hold and that is no hot loop", () => {
	const ms = fc.option(fc.double({ min: -1e16, max: 1e16, noNaN: true }), { nil: undefined });
	const input = fc.record({
		failures: fc.nat(1_000_000),
		pollMs: fc.double({ min: 0, max: 1e15, noNaN: true }),
		backoffCapMs: fc.double({ min: 0, max: 1e15, noNaN: true }),
		retryAfterMs: ms,
		untilExpiryMs: ms,
		untilStaleMs: ms,
		chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
	});
	fc.assert(
		fc.property(input, ({ chance, ...rest }) => {
			const delayMs = nextRefreshDelayMs({ ...rest, random: () => chance });
			expect(Number.isInteger(delayMs)).toBe(true);
			expect(delayMs).toBeGreaterThanOrEqual(1_000);
			expect(delayMs).toBeLessThanOrEqual(2 ** 31 - 1);
		}),
	);
});
