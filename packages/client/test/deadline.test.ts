import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ManualClock } from "@clef-sh/testkit/clock";
import { describe, expect, it } from "vitest";
import { Deadline, pause } from "../src/deadline.js";

function stage(signal?: AbortSignal) {
	const clock = new ManualClock();
	const limits = { clock, signal, isHolding: true };
	return { clock, limits, deadline: new Deadline(limits) };
}

const hanging = () => new Promise<never>(() => undefined);

/** What of these is still held somewhere, after the collector has run. */
async function heldOf(references: readonly WeakRef<object>[]): Promise<readonly object[]> {
	setFlagsFromString("--expose-gc");
	const collect: () => void = runInNewContext("gc");
	// A reference that was just read lives until the turn is over.
	await new Promise(setImmediate);
	collect();
	return references.map((reference) => reference.deref()).filter((value) => value !== undefined);
}

describe("a deadline", () => {
	it("settles as what it is given does while there is time", async () => {
		const { clock, deadline } = stage();
		deadline.limit(10, "late");
		expect(await deadline.race(Promise.resolve(1))).toBe(1);
		await expect(deadline.race(Promise.reject(new RangeError("own")))).rejects.toThrow("own");
		deadline.close();
		expect(clock.pendingTimers).toBe(0);
	});

	it("strikes once the time is over, whatever is asked of it then", async () => {
		const { clock, deadline } = stage();
		deadline.limit(10, "Too late.");
		const raced = deadline.race(hanging());
		const struck = expect(raced).rejects.toMatchObject({ code: "AGENT_UNREACHABLE", message: "Too late." });
		await clock.advance(10);
		await struck;
		await expect(deadline.race(hanging())).rejects.toMatchObject({ message: "Too late." });
		expect(deadline.signal.aborted).toBe(true);
	});

	it("begins anew with another limit, and forgets the one before", async () => {
		const { clock, deadline } = stage();
		deadline.limit(10, "first");
		await clock.advance(9);
		deadline.limit(10, "second");
		const struck = expect(deadline.race(hanging())).rejects.toThrow("second");
		await clock.advance(9);
		expect(deadline.signal.aborted).toBe(false);
		await clock.advance(1);
		await struck;
	});

	it("carries the caller's abort until it is closed", async () => {
		const [early, late] = [new AbortController(), new AbortController()];
		const { deadline } = stage(early.signal);
		early.abort(new RangeError("enough"));
		await expect(deadline.race(hanging())).rejects.toMatchObject({
			code: "ABORTED",
			cause: new RangeError("enough"),
		});
		const { deadline: closed } = stage(late.signal);
		closed.close();
		const { reason } = closed.signal;
		late.abort();
		expect(closed.signal.reason).toBe(reason);
	});

	it("leaves no rejection behind that nobody has asked for", async () => {
		const { deadline } = stage();
		const unhandled: unknown[] = [];
		const listener = (reason: unknown) => unhandled.push(reason);
		process.on("unhandledRejection", listener);
		let fail: (error: Error) => void = () => undefined;
		const late = new Promise<never>((_, reject) => {
			fail = reject;
		});
		const raced = deadline.race(late).catch(() => "struck");
		deadline.close();
		expect(await raced).toBe("struck");
		fail(new RangeError("nobody waits for it any more"));
		await new Promise(setImmediate);
		process.off("unhandledRejection", listener);
		expect(unhandled).toEqual([]);
	});

	it("holds nothing of the chunks that it has let through: a stream is read for weeks", async () => {
		const { deadline } = stage();
		const references: WeakRef<object>[] = [];
		for (let count = 0; count < 10; count += 1) {
			references.push(new WeakRef(await deadline.race(Promise.resolve(new Uint8Array(16)))));
		}
		expect(await heldOf(references)).toEqual([]);
		deadline.close();
	});
});

describe("a pause", () => {
	it("leaves no listener on a signal that lives on", async () => {
		const controller = new AbortController();
		const { clock, limits } = stage();
		const added: string[] = [];
		const signal = Object.assign(controller.signal, {
			addEventListener: (type: string) => added.push(type),
			removeEventListener: (type: string) => added.splice(added.indexOf(type), 1),
		});
		const waiting = pause(10, { ...limits, signal });
		expect(added).toEqual(["abort"]);
		await clock.advance(10);
		await waiting;
		expect(added).toEqual([]);
	});

	it("is over at once for a signal that has been aborted", async () => {
		const { limits, clock } = stage();
		await expect(pause(10, { ...limits, signal: AbortSignal.abort() })).rejects.toMatchObject({
			code: "ABORTED",
		});
		expect(clock.pendingTimers).toBe(0);
	});
});
