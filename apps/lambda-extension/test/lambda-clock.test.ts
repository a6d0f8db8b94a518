import { ManualClock } from "@clef-sh/testkit/clock";
import fc from "fast-check";
import { expect, it } from "vitest";
import { LambdaClock } from "../src/lambda-clock.js";

const HOUR_MS = 3_600_000;

function clocks() {
	const base = new ManualClock();
	return { base, clock: new LambdaClock(base) };
}

it("runs as its base does", async () => {
	const { base, clock } = clocks();
	const [wallMs, monotonicMs] = [clock.now(), clock.monotonic()];
	base.freeze(1_234);
	expect([clock.now() - wallMs, clock.monotonic() - monotonicMs]).toEqual([1_234, 1_234]);
	let fired = false;
	clock.setTimeout(() => {
		fired = true;
	}, 10);
	await base.advance(10);
	expect(fired).toBe(true);
});

it("D40 counts a wall clock that leaps ahead as time that has passed, once", () => {
	const { base, clock } = clocks();
	base.jumpTo(base.now() + HOUR_MS);
	expect(clock.monotonic()).toBe(HOUR_MS);
	base.freeze(1_000);
	expect(clock.monotonic()).toBe(HOUR_MS + 1_000);
	base.jumpTo(base.now() + HOUR_MS);
	expect(clock.monotonic()).toBe(2 * HOUR_MS + 1_000);
});

it("T24 does not go back when the wall clock does, nor ahead when it returns", () => {
	const { base, clock } = clocks();
	const wallMs = base.now();
	base.jumpTo(wallMs - HOUR_MS);
	expect(clock.monotonic()).toBe(0);
	base.jumpTo(wallMs);
	expect(clock.monotonic()).toBe(0);
});

it("takes a wall clock that is slewed by less than a second for what it is", () => {
	const { base, clock } = clocks();
	base.jumpTo(base.now() + 999);
	expect(clock.monotonic()).toBe(0);
});

it("D40 believes who knows better when its own wall clock is behind, also for ages", () => {
	const { base, clock } = clocks();
	const trueMs = base.now() + 72 * HOUR_MS;
	clock.notBefore(trueMs);
	expect(clock.now()).toBe(trueMs);
	expect(clock.monotonic()).toBe(72 * HOUR_MS);
	base.freeze(5_000);
	expect(clock.now()).toBe(trueMs + 5_000);
	// The host sets the clock at last.
	base.jumpTo(trueMs + 6_000);
	expect(clock.now()).toBe(trueMs + 6_000);
});

it("does not go back for who knows no better", () => {
	const { base, clock } = clocks();
	clock.notBefore(base.now() - HOUR_MS);
	expect(clock.now()).toBe(base.now());
	expect(clock.monotonic()).toBe(0);
});

it("ages what is held as much as it is told", () => {
	const { base, clock } = clocks();
	clock.age(300_000);
	expect(clock.monotonic()).toBe(300_000);
	expect(clock.now()).toBe(base.now());
});

it("T24 never goes back, whatever the wall clock does", () => {
	const step = fc.oneof(
		fc.record({ freeze: fc.nat(10 ** 9) }),
		fc.record({ jump: fc.integer({ min: -(10 ** 10), max: 10 ** 10 }) }),
		fc.record({ known: fc.integer({ min: -(10 ** 10), max: 10 ** 10 }) }),
	);
	fc.assert(
		fc.property(fc.array(step), (steps) => {
			const { base, clock } = clocks();
			let last = clock.monotonic();
			for (const each of steps) {
				if ("freeze" in each) base.freeze(each.freeze);
				else if ("jump" in each) base.jumpTo(base.now() + each.jump);
				else clock.notBefore(base.now() + each.known);
				expect(clock.monotonic()).toBeGreaterThanOrEqual(last);
				last = clock.monotonic();
			}
		}),
	);
});
