import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { expect, it } from "vitest";
import { NotificationQueue } from "../src/notification-queue.js";
import { type Deferred, deferred } from "./deferred.js";

/** A queue whose deliveries end when the test says so. */
function stage() {
	const clock = new ManualClock();
	const sent: string[][] = [];
	const failures: unknown[] = [];
	const open: Deferred[] = [];
	const queue = new NotificationQueue({
		notify: (assignments) => {
			sent.push([...assignments]);
			const delivery = deferred();
			open.push(delivery);
			return delivery.promise;
		},
		clock,
		onFailure: (error) => failures.push(error),
	});
	const end = async (error?: unknown): Promise<void> => {
		const delivery = open.shift();
		if (error === undefined) delivery?.resolve();
		else delivery?.reject(error);
		await settle();
	};
	return { clock, end, failures, queue, sent };
}

const KEPT = { supersedes: false };

it("sends what was added in the same breath together", async () => {
	const { queue, sent } = stage();
	queue.status("serving");
	queue.state(["READY=1"], KEPT);
	queue.pulse("WATCHDOG=1");
	await settle();
	expect(sent).toEqual([["READY=1", "STATUS=serving", "WATCHDOG=1"]]);
});

it("delivers one at a time and leaves out what was overtaken meanwhile, but no change of state", async () => {
	const { end, queue, sent } = stage();
	queue.status("one");
	await settle();
	queue.status("two");
	queue.state(["RELOADING=1"], KEPT);
	queue.state(["READY=1"], KEPT);
	queue.status("three");
	await settle();
	expect(sent).toEqual([["STATUS=one"]]);
	await end();
	await end();
	await end();
	expect(sent).toEqual([["STATUS=one"], ["RELOADING=1", "STATUS=three"], ["READY=1"]]);
});

it("leaves out changes of state that another supersedes", async () => {
	const { end, queue, sent } = stage();
	queue.state(["READY=1"], KEPT);
	await settle();
	for (const stamp of ["1", "2", "3"]) queue.state([`RELOADING=1`, stamp], { supersedes: true });
	await end();
	expect(sent).toEqual([["READY=1"], ["RELOADING=1", "3"]]);
});

it("takes what is added the moment a delivery ends", async () => {
	const { end, queue, sent } = stage();
	queue.status("one");
	await settle();
	void queue.settled().then(() => queue.status("two"));
	await end();
	expect(sent).toEqual([["STATUS=one"], ["STATUS=two"]]);
});

it("tries a state and a status again after ten seconds, but no sign of life, and complains once", async () => {
	const { clock, end, failures, queue, sent } = stage();
	queue.state(["READY=1"], KEPT);
	queue.status("serving");
	queue.pulse("WATCHDOG=1");
	await settle();
	await end("first");
	await clock.advance(9_999);
	expect(sent).toHaveLength(1);
	await clock.advance(1);
	await end("second");
	await clock.advance(10_000);
	await end();
	expect(sent).toEqual([["READY=1", "STATUS=serving", "WATCHDOG=1"], ...again(2)]);
	expect(failures).toEqual(["first"]);
	expect(clock.pendingTimers).toBe(0);
});

function again(times: number): string[][] {
	return Array.from({ length: times }, () => ["READY=1", "STATUS=serving"]);
}

it("keeps the newer status when an older one comes back", async () => {
	const { end, queue, sent } = stage();
	queue.status("old");
	await settle();
	queue.status("new");
	await end("failed");
	queue.pulse("WATCHDOG=1");
	await settle();
	expect(sent[1]).toEqual(["STATUS=new", "WATCHDOG=1"]);
});

it("settles when all is delivered, and tries nothing again once closed", async () => {
	const { clock, end, queue } = stage();
	await queue.settled();
	queue.status("one");
	let isSettled = false;
	void queue.settled().then(() => {
		isSettled = true;
	});
	await settle();
	expect(isSettled).toBe(false);
	await end("failed");
	expect(isSettled).toBe(true);
	queue.close();
	expect(clock.pendingTimers).toBe(0);
});
