import type { AgentStatus } from "@clef-sh/core";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { describe, expect, it } from "vitest";
import { ServiceManager } from "../src/service-manager.js";
import { deferred } from "./deferred.js";

const LOADING: AgentStatus = {
	state: "not_loaded",
	mode: "cached",
	revision: null,
	lastRefreshAt: null,
	ageMs: null,
	expiresAt: null,
	expired: false,
	lastError: null,
};
const READY: AgentStatus = { ...LOADING, state: "ready", revision: "1790000000000-1" };
const FAILED: AgentStatus["lastError"] = { code: "SOURCE_UNREACHABLE", at: 0 };

function stage({ watchdogMs, failing = false }: { watchdogMs?: number; failing?: boolean } = {}) {
	const clock = new ManualClock();
	const sent: string[] = [];
	const failures: unknown[] = [];
	let microseconds = 5_000_000n;
	const manager = new ServiceManager({
		notify: async (assignments) => {
			sent.push(assignments.join(" "));
			if (failing) throw new RangeError("no");
		},
		clock,
		monotonicMicroseconds: () => {
			microseconds += 1n;
			return microseconds;
		},
		watchdogMs,
		onFailure: (error) => failures.push(error),
	});
	return { clock, failures, manager, sent };
}

describe("ready", () => {
	it("is what an agent with secrets is as soon as it listens, and not before", async () => {
		const { manager, sent } = stage();
		manager.observe(READY);
		await settle();
		expect(sent).toEqual([]);
		manager.started(READY);
		await settle();
		expect(sent).toEqual(["READY=1 STATUS=serving revision 1790000000000-1"]);
	});

	it("waits for secrets, and asks for patience meanwhile as long as the event loop runs", async () => {
		const { clock, manager, sent } = stage();
		manager.started(LOADING);
		manager.observe({ ...LOADING, lastError: FAILED });
		await clock.advance(40_000);
		manager.observe(READY);
		await clock.advance(600_000);
		const patience = "EXTEND_TIMEOUT_USEC=60000000";
		expect(sent).toEqual([
			`STATUS=not loaded: SOURCE_UNREACHABLE ${patience}`,
			patience,
			patience,
			"READY=1 STATUS=serving revision 1790000000000-1",
		]);
		expect(clock.pendingTimers).toBe(0);
	});

	it("is said once, whatever becomes of the secrets", async () => {
		const { manager, sent } = stage();
		manager.started(READY);
		await settle();
		for (const state of ["cache_expired", "revoked", "ready"] as const) {
			manager.observe({ ...READY, state });
			await settle();
		}
		expect(sent.filter((text) => text.includes("READY"))).toHaveLength(1);
	});
});

describe("the status", () => {
	it.each([
		[{ ...READY, lastError: FAILED }, "serving revision 1790000000000-1; last failure: SOURCE_UNREACHABLE"],
		[{ ...READY, state: "cache_expired", lastError: FAILED }, "cache expired: SOURCE_UNREACHABLE"],
		[{ ...READY, state: "artifact_expired" }, "artifact expired"],
		[{ ...LOADING, state: "revoked" }, "revoked"],
	] as const)("is short: %#", async (status, text) => {
		const { manager, sent } = stage();
		manager.started(status);
		await settle();
		expect(sent[0]).toContain(`STATUS=${text}`);
	});

	it("is told when it changes only", async () => {
		const { manager, sent } = stage();
		manager.started(READY);
		await settle();
		manager.observe({ ...READY, ageMs: 5 });
		await settle();
		expect(sent).toHaveLength(1);
	});

	it("is one line of at most 120 characters, whatever the revision is", async () => {
		const { manager, sent } = stage();
		manager.started({ ...READY, revision: `1\nMAINPID=1${"x".repeat(200)}` });
		await settle();
		expect(sent[0]).toMatch(/^READY=1 STATUS=serving revision 1\?MAINPID=1x+$/);
		expect(sent[0]).toHaveLength("READY=1 STATUS=".length + 120);
	});
});

describe("the watchdog", () => {
	it("is fed from the moment the agent is ready until it stops", async () => {
		const { clock, manager, sent } = stage({ watchdogMs: 15_000 });
		manager.started(READY);
		await clock.advance(30_000);
		manager.stopping();
		await clock.advance(30_000);
		expect(sent).toEqual([
			"READY=1 STATUS=serving revision 1790000000000-1 WATCHDOG=1",
			"WATCHDOG=1",
			"WATCHDOG=1",
			"STOPPING=1 STATUS=stopping",
		]);
	});

	it("goes hungry when the event loop hangs", async () => {
		const { clock, manager, sent } = stage({ watchdogMs: 15_000 });
		manager.started(READY);
		await settle();
		clock.freeze(60_000);
		await settle();
		expect(sent).toHaveLength(1);
	});
});

describe("a reload", () => {
	it("is bracketed, with the time it began by the manager's clock", async () => {
		const { manager, sent } = stage();
		manager.started(READY);
		await settle();
		const refresh = deferred();
		manager.reloading(refresh.promise);
		await settle();
		expect(sent.slice(1)).toEqual(["RELOADING=1 MONOTONIC_USEC=5000001"]);
		refresh.resolve();
		await settle();
		expect(sent.slice(2)).toEqual(["READY=1"]);
	});

	it("ends when the last of several has ended", async () => {
		const { manager, sent } = stage();
		manager.started(READY);
		await settle();
		const [first, second] = [deferred(), deferred()];
		manager.reloading(first.promise);
		manager.reloading(second.promise);
		first.resolve();
		await settle();
		expect(sent.slice(1)).toEqual(["RELOADING=1 MONOTONIC_USEC=5000002"]);
		second.resolve();
		await settle();
		expect(sent.slice(2)).toEqual(["READY=1"]);
	});

	it("is no news before the agent is ready, and no end of it once it stops", async () => {
		const { manager, sent } = stage();
		manager.started(LOADING);
		manager.reloading(Promise.resolve());
		await settle();
		manager.observe(READY);
		const refresh = deferred();
		manager.reloading(refresh.promise);
		manager.stopping();
		manager.stopping();
		refresh.resolve();
		manager.reloading(Promise.resolve());
		await settle();
		expect(sent.slice(1)).toEqual(["STOPPING=1 STATUS=stopping"]);
	});
});

it("a manager that cannot be told is complained about once", async () => {
	const { clock, failures, manager } = stage({ watchdogMs: 1_000, failing: true });
	manager.started(READY);
	await clock.advance(60_000);
	expect(failures).toHaveLength(1);
	manager.stopping();
	await manager.close();
	expect(clock.pendingTimers).toBe(0);
});
