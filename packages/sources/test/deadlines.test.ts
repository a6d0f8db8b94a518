import { getEventListeners } from "node:events";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { describe, expect, it } from "vitest";
import { Deadlines } from "../src/deadlines.js";

const forever = new Promise<never>(() => undefined);

describe("Deadlines", () => {
	it("rejects with what was late: the step or the whole", async () => {
		for (const [ms, message] of [
			[5, "step late"],
			[9, "total late"],
		] as const) {
			const timers = new HandFiredTimers();
			const deadlines = new Deadlines(new AbortController().signal, timers, 9, "total late");
			deadlines.step(5, "step late");
			const raced = deadlines.race(forever);
			timers.fire(ms);
			await expect(raced).rejects.toMatchObject({ code: "SOURCE_TIMEOUT", message });
			expect(deadlines.signal.aborted).toBe(true);
		}
	});

	it("lets a step end the one before", () => {
		const timers = new HandFiredTimers();
		const deadlines = new Deadlines(new AbortController().signal, timers, 9, "late");
		deadlines.step(5, "first");
		deadlines.step(6, "second");
		expect(timers.pending).toEqual([9, 6]);
		deadlines.close();
	});

	it("passes results and failures through while there is time", async () => {
		const deadlines = new Deadlines(new AbortController().signal, new HandFiredTimers(), 9, "late");
		expect(await deadlines.race(Promise.resolve(1))).toBe(1);
		await expect(deadlines.race(Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
		deadlines.close();
	});

	it("leaves no timer and no listener behind", () => {
		const timers = new HandFiredTimers();
		const { signal } = new AbortController();
		const deadlines = new Deadlines(signal, timers, 9, "late");
		deadlines.step(5, "late");
		expect(getEventListeners(signal, "abort")).toHaveLength(1);
		deadlines.close();
		expect(getEventListeners(signal, "abort")).toHaveLength(0);
		expect(timers.pending).toEqual([]);
	});

	it("carries the caller's abort, also one from before", async () => {
		const reason = new Error("closing");
		const caller = new AbortController();
		const deadlines = new Deadlines(caller.signal, new HandFiredTimers(), 9, "late");
		caller.abort(reason);
		await expect(deadlines.race(forever)).rejects.toBe(reason);
		const late = new Deadlines(caller.signal, new HandFiredTimers(), 9, "late");
		await expect(late.race(forever)).rejects.toBe(reason);
	});
});
