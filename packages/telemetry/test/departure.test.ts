import type { Secrets } from "@clef-sh/core";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { beforeEach, describe, expect, it } from "vitest";
import { Departure } from "../src/departure.js";
import { EVENTS } from "./events.js";
import { secretsOf } from "./secrets.js";

let clock: ManualClock;
let told: string[];
let answers: (() => Promise<Secrets | undefined>)[];
let departure: Departure;
let left: string | undefined | "not yet";

beforeEach(() => {
	clock = new ManualClock();
	told = [];
	answers = [];
	left = "not yet";
	departure = new Departure({
		clock,
		tell: (sentence) => told.push(sentence),
		secrets: () => answers.shift()?.() ?? Promise.resolve(undefined),
	});
	void departure.sourceKind.then((kind) => {
		left = kind;
	});
});

async function observe(name: keyof typeof EVENTS): Promise<void> {
	departure.observe(EVENTS[name]);
	await settle();
}

const token = (text: string) => async () => secretsOf({ CLEF_TELEMETRY_TOKEN: text });

describe("Departure", () => {
	it.each(["artifact.refreshed", "artifact.restored"] as const)(
		"opens once %s has made secrets readable",
		async (name) => {
			const packed = await token("t")();
			answers = [async () => packed];
			await observe("agent.started");
			expect(left).toBe("not yet");
			await observe(name);
			expect(left).toBe("vcs");
			expect(departure.headers).toEqual({ authorization: "Bearer t" });
			expect(clock.pendingTimers).toBe(0);
		},
	);

	it("opens after 30 s without them, and reads them when they come", async () => {
		const packed = await token("t")();
		answers = [async () => packed];
		await clock.advance(30_000);
		expect(left).toBeUndefined();
		expect(departure.headers).toEqual({});
		await observe("artifact.refreshed");
		expect(departure.headers).toEqual({ authorization: "Bearer t" });
	});

	it("reads again on recovery what could not be read, and only that", async () => {
		const packed = await token("t")();
		answers = [() => Promise.reject(new TypeError("the KMS is down")), async () => packed, token("unread")];
		await observe("artifact.refreshed");
		expect(left).toBe("not yet");
		await observe("agent.recovered");
		await observe("agent.recovered");
		expect(departure.headers).toEqual({ authorization: "Bearer t" });
		expect(answers).toHaveLength(1);
	});

	it("reads again after a refresh that found all well what was stale before, and not after one that failed", async () => {
		const packed = await token("t")();
		answers = [() => Promise.reject(new TypeError("stale")), async () => packed];
		await observe("artifact.restored");
		await observe("refresh.finished");
		expect(answers).toHaveLength(1);
		departure.observe({ ...EVENTS["refresh.finished"], outcome: "confirmed", code: undefined });
		await settle();
		expect(departure.headers).toEqual({ authorization: "Bearer t" });
	});

	it("keeps the headers there are when a new revision cannot be read", async () => {
		const packed = await token("t")();
		answers = [async () => packed, () => Promise.reject(new TypeError("the KMS is down"))];
		await observe("artifact.refreshed");
		await observe("artifact.refreshed");
		expect(departure.headers).toEqual({ authorization: "Bearer t" });
	});

	it("takes the later revision when an earlier one is read more slowly", async () => {
		const [old, young] = [await token("old")(), await token("young")()];
		let finish: (secrets: Secrets) => void = () => undefined;
		answers = [() => new Promise((resolve) => (finish = resolve)), async () => young];
		await observe("artifact.refreshed");
		await observe("artifact.refreshed");
		finish(old);
		await settle();
		expect(departure.headers).toEqual({ authorization: "Bearer young" });
	});

	it("tells of a problem once for as long as it stays", async () => {
		const [bad, good] = [await token("a\nb")(), await token("t")()];
		answers = [async () => bad, async () => bad, async () => good, async () => bad];
		for (let count = 0; count < 4; count += 1) await observe("artifact.refreshed");
		expect(told).toHaveLength(2);
	});
});
