import { describe, expect, it, vi } from "vitest";
import { suspendAwareMonotonic, systemClock } from "../src/clock.js";

function readings(): {
	wall: number;
	running: number;
	boot: number;
	bootReads: number;
	monotonic: () => number;
} {
	const state = { wall: 1_000_000, running: 500, boot: 9_000, bootReads: 0, monotonic: () => 0 };
	state.monotonic = suspendAwareMonotonic({
		now: () => state.wall,
		running: () => state.running,
		sinceBoot: () => {
			state.bootReads += 1;
			return state.boot;
		},
	});
	return state;
}

describe("suspendAwareMonotonic", () => {
	it("follows the running clock without reading the boot clock again", () => {
		const clock = readings();
		for (let second = 0; second < 100; second += 1) {
			clock.wall += 1000;
			clock.running += 1000;
			clock.boot += 1000;
		}
		expect(clock.monotonic()).toBe(100_500);
		expect(clock.bootReads).toBe(1);
	});

	it("T24 counts the time a machine was suspended", () => {
		const clock = readings();
		clock.wall += 8 * 3_600_000;
		clock.boot += 8 * 3_600_000;
		expect(clock.monotonic()).toBe(500 + 8 * 3_600_000);
		clock.wall += 3_600_000;
		clock.boot += 3_600_000;
		expect(clock.monotonic()).toBe(500 + 9 * 3_600_000);
	});

	it("T24 does not age by a jump of the wall clock, in either direction", () => {
		const clock = readings();
		clock.wall += 365 * 86_400_000;
		expect(clock.monotonic()).toBe(500);
		clock.wall -= 730 * 86_400_000;
		expect(clock.monotonic()).toBe(500);
	});

	it("never goes back when the boot clock is coarse or wrong", () => {
		const clock = readings();
		clock.wall += 60_000;
		clock.boot += 60_000;
		const before = clock.monotonic();
		clock.wall += 60_000;
		clock.boot -= 30_000;
		expect(clock.monotonic()).toBeGreaterThanOrEqual(before);
	});
});

describe("systemClock", () => {
	it("reads both of Node's clocks", () => {
		const clock = systemClock();
		const [wall, monotonic] = [clock.now(), clock.monotonic()];
		expect(Math.abs(wall - Date.now())).toBeLessThan(60_000);
		expect(clock.monotonic()).toBeGreaterThanOrEqual(monotonic);
	});

	it("T23 clamps a far timer instead of running it at once, and cancels", () => {
		vi.useFakeTimers();
		try {
			const clock = systemClock();
			const ran: string[] = [];
			clock.setTimeout(() => ran.push("far"), 2 ** 31 + 5);
			const cancel = clock.setTimeout(() => ran.push("cancelled"), 10);
			clock.setTimeout(() => ran.push("near"), 20);
			cancel();
			vi.advanceTimersByTime(1000);
			expect(ran).toEqual(["near"]);
		} finally {
			vi.useRealTimers();
		}
	});
});
