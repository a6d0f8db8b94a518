import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { held } from "@clef-sh/testkit/scripted-source";
import { describe, expect, it } from "vitest";
import { SourceError } from "../src/index.js";
import type { CycleResult, RefreshOutcome } from "../src/refresh-cycle.js";
import { Refresher } from "../src/refresher.js";

const kept: RefreshOutcome = { kind: "kept", error: new SourceError("SOURCE_TIMEOUT", "Late.") };
const confirmed: RefreshOutcome = { kind: "confirmed" };

/** A loop over outcomes that the test sets, waiting ten seconds after each and keeping readers off for three. */
function loop() {
	const clock = new ManualClock();
	const state = {
		clock,
		cycles: 0,
		observed: 0,
		outcome: confirmed,
		pauses: [] as [string, number][],
		gate: Promise.resolve(),
		isAsked: false,
	};
	const refresher = new Refresher({
		clock,
		cycle: async (): Promise<CycleResult> => {
			state.cycles += 1;
			await state.gate;
			return { outcome: state.outcome, validator: undefined };
		},
		pause: (outcome, failures) => {
			state.pauses.push([outcome.kind, failures]);
			return { delayMs: 10_000, quietMs: failures === 0 ? 0 : 3_000, isAsked: state.isAsked };
		},
		observe: () => {
			state.observed += 1;
		},
	});
	return { state, refresher, clock };
}

/** A loop whose first cycle waits for ever, as on a connection that is dead; later ones succeed. */
function hanging() {
	const clock = new ManualClock();
	const signals: AbortSignal[] = [];
	const refresher = new Refresher({
		clock,
		cycle: (_validator, signal) => {
			signals.push(signal);
			if (signals.length > 1) return Promise.resolve({ outcome: confirmed, validator: { etag: "new" } });
			return new Promise((resolve) => {
				signal.addEventListener("abort", () => resolve({ outcome: kept, validator: undefined }));
			});
		},
		pause: () => ({ delayMs: 10_000, quietMs: 0, isAsked: false }),
		observe: () => undefined,
	});
	return { clock, refresher, signals };
}

describe("Refresher", () => {
	it("goes round after each pause, observing before and after each cycle", async () => {
		const { state, refresher, clock } = loop();
		await refresher.refresh();
		await clock.advance(30_000);
		expect(state.cycles).toBe(4);
		expect(state.observed).toBe(8);
	});

	it("counts failures in a row, and forgets them at a success", async () => {
		const { state, refresher, clock } = loop();
		state.outcome = kept;
		await refresher.refresh();
		await clock.advance(10_000);
		state.outcome = confirmed;
		await clock.advance(10_000);
		expect(state.pauses).toEqual([
			["kept", 1],
			["kept", 2],
			["confirmed", 0],
		]);
	});

	it("D37 makes one refresh of a storm of requests, and one timer of it", async () => {
		const { state, refresher, clock } = loop();
		const gate = held<void>();
		state.gate = gate.promise;
		const storm = Array.from({ length: 1000 }, () => refresher.refresh());
		gate.settle();
		await Promise.all(storm);
		await settle();
		expect(state.cycles).toBe(1);
		expect(clock.pendingTimers).toBe(1);
	});

	it("replaces the running timer when a refresh is asked for in between", async () => {
		const { state, refresher, clock } = loop();
		await refresher.refresh();
		await clock.advance(9_000);
		await refresher.refresh();
		await clock.advance(9_000);
		expect(state.cycles).toBe(2);
	});

	it("D36 leaves no timer behind when it is stopped between two refreshes", async () => {
		const { state, refresher, clock } = loop();
		await refresher.refresh();
		refresher.stop();
		expect(clock.pendingTimers).toBe(0);
		refresher.sourceChanged();
		expect(refresher.refreshIfDue()).toBeUndefined();
		await clock.advance(60_000);
		expect(state.cycles).toBe(1);
	});

	it("goes round once more for changes seen during a read, however many", async () => {
		const { state, refresher } = loop();
		const gate = held<void>();
		state.gate = gate.promise;
		const first = refresher.refresh();
		refresher.sourceChanged();
		refresher.sourceChanged();
		gate.settle();
		await first;
		await settle();
		expect(state.cycles).toBe(2);
	});

	it("D37 makes one more refresh of a thousand signals that come during a read", async () => {
		const { state, refresher } = loop();
		const gate = held<void>();
		state.gate = gate.promise;
		const first = refresher.refresh();
		for (let sent = 0; sent < 1_000; sent += 1) refresher.sourceChanged();
		gate.settle();
		await first;
		await settle();
		expect(state.cycles).toBe(2);
	});

	it("runs its prelude once, before the first cycle, and begins with the validator it gave", async () => {
		const order: unknown[] = [];
		const clock = new ManualClock();
		const refresher = new Refresher({
			clock,
			prelude: async () => {
				order.push("prelude");
				return { validator: { etag: "kept" }, mayFindMore: false };
			},
			cycle: async (validator) => {
				order.push(validator?.etag);
				return { outcome: confirmed, validator: { etag: "next" } };
			},
			pause: (_outcome, _failures, isFirst) => {
				order.push(isFirst);
				return { delayMs: 1_000, quietMs: 0, isAsked: false };
			},
			observe: () => undefined,
		});
		await Promise.all([refresher.refresh(), refresher.refresh()]);
		await clock.advance(1_000);
		expect(order).toEqual(["prelude", "kept", true, "next", false]);
		refresher.stop();
	});

	it("tries a prelude that may find more before each cycle, until one succeeds", async () => {
		const order: string[] = [];
		const outcomes = [kept, kept, confirmed, kept];
		const refresher = new Refresher({
			clock: new ManualClock(),
			prelude: async () => {
				order.push("prelude");
				return { validator: undefined, mayFindMore: true };
			},
			cycle: async () => {
				order.push("cycle");
				return { outcome: outcomes.shift() ?? kept, validator: undefined };
			},
			pause: () => ({ delayMs: 1_000, quietMs: 0, isAsked: false }),
			observe: () => undefined,
		});
		for (let round = 0; round < 5; round += 1) await refresher.refresh();
		expect(order.join(" ")).toBe("prelude cycle prelude cycle prelude cycle cycle cycle");
		refresher.stop();
	});

	it("T22 keeps readers off for a while after a failure, and no longer", async () => {
		const { state, refresher, clock } = loop();
		state.outcome = kept;
		await refresher.refresh();
		expect(await refresher.refreshForReader()).toBe(kept);
		expect(state.cycles).toBe(1);
		await clock.advance(3_000);
		await refresher.refreshForReader();
		expect(state.cycles).toBe(2);
	});

	it("lets readers join what is in flight even then", async () => {
		const { state, refresher } = loop();
		state.outcome = kept;
		await refresher.refresh();
		state.outcome = confirmed;
		const gate = held<void>();
		state.gate = gate.promise;
		const running = refresher.refresh();
		const reader = refresher.refreshForReader();
		gate.settle();
		expect(await reader).toBe(await running);
	});

	it("stops for good, even while a cycle runs", async () => {
		const { state, refresher, clock } = loop();
		const gate = held<void>();
		state.gate = gate.promise;
		const running = refresher.refresh();
		refresher.stop();
		expect(refresher.signal.aborted).toBe(true);
		gate.settle();
		await running;
		refresher.sourceChanged();
		await clock.advance(60_000);
		expect(state.cycles).toBe(1);
		expect(clock.pendingTimers).toBe(0);
	});

	it("D40 refreshes when the time has come though no timer fired, and not before", async () => {
		const { state, refresher, clock } = loop();
		await refresher.refresh();
		clock.freeze(9_999);
		expect(refresher.refreshIfDue()).toBeUndefined();
		clock.freeze(1);
		await refresher.refreshIfDue();
		expect(state.cycles).toBe(2);
	});

	it("D40 does not hold a failure from before it stood still against the source", async () => {
		const { state, refresher, clock } = loop();
		state.outcome = kept;
		await refresher.refresh();
		clock.freeze(1);
		expect(refresher.refreshIfDue()).toBeUndefined();
		await refresher.resumed();
		expect(state.cycles).toBe(2);
	});

	it("T22 D40 leaves a source alone that asked for it, also after it stood still", async () => {
		const { state, refresher, clock } = loop();
		state.outcome = kept;
		state.isAsked = true;
		await refresher.refresh();
		clock.freeze(9_999);
		expect(refresher.resumed()).toBeUndefined();
		clock.freeze(1);
		await refresher.resumed();
		expect(state.cycles).toBe(2);
	});

	it("D40 joins a refresh in flight, due or not", async () => {
		const { state, refresher } = loop();
		const gate = held<void>();
		state.gate = gate.promise;
		const flight = refresher.refresh();
		expect(refresher.refreshIfDue()).toBe(flight);
		gate.settle();
		await flight;
		expect(state.cycles).toBe(1);
	});

	it("D40 does not look at what ran out while the process stood still before the source was asked", async () => {
		const { state, refresher, clock } = loop();
		await refresher.refresh();
		expect(state.observed).toBe(2);
		clock.freeze(11_000);
		await refresher.resumed();
		expect(state.observed).toBe(3);
	});

	it("does nothing more once it is stopped", async () => {
		const { state, refresher, clock } = loop();
		await refresher.refresh();
		refresher.stop();
		clock.freeze(60_000);
		expect(refresher.resumed()).toBeUndefined();
		expect(state.cycles).toBe(1);
	});

	it("D40 begins a refresh anew that was under way while the process stood still, for all who wait", async () => {
		const { clock, refresher, signals } = hanging();
		const waiting = refresher.refresh();
		await settle();
		clock.freeze(3_600_000);
		expect(refresher.resumed()).toBe(waiting);
		expect(await waiting).toEqual(confirmed);
		expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
	});

	it("D36 ends a refresh in flight when it is stopped, and begins none in its place", async () => {
		const { refresher, signals } = hanging();
		const waiting = refresher.refresh();
		await settle();
		refresher.stop();
		expect(await waiting).toEqual(kept);
		expect(signals).toHaveLength(1);
	});
});
