import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { DecryptError } from "../src/decrypt-error.js";
import { retryUnwrap, UNWRAP_PACE, type UnwrapAttempt } from "../src/retry-unwrap.js";
import { calm, rejection } from "./verified.js";

const PACE = { attemptMs: 10_000, totalMs: 30_000, pauseMs: () => 0 };
const never = () => new Promise<never>(() => undefined);

function failing(retryable: boolean, calls: AbortSignal[] = []) {
	const attempt = async (signal: AbortSignal): Promise<Uint8Array> => {
		calls.push(signal);
		throw new DecryptError("DECRYPT_UNWRAP_FAILED", `Attempt ${calls.length}.`, { retryable });
	};
	return { attempt, calls };
}

describe("retryUnwrap", () => {
	it("makes three attempts where that can help, and rejects with the last one's error", async () => {
		const { attempt, calls } = failing(true);
		const error = await rejection(retryUnwrap("A KMS", attempt, calm, PACE));
		expect(error).toMatchObject({ message: "Attempt 3." });
		expect(calls).toHaveLength(3);
		expect(new Set(calls).size).toBe(3);
	});

	it("makes one attempt where that cannot help, or where nobody knows", async () => {
		const { attempt, calls } = failing(false);
		expect(await rejection(retryUnwrap("A KMS", attempt, calm, PACE))).toMatchObject({
			message: "Attempt 1.",
		});
		const odd = new RangeError("odd");
		expect(await rejection(retryUnwrap("A KMS", () => Promise.reject(odd), calm, PACE))).toBe(odd);
		expect(calls).toHaveLength(1);
	});

	it("tells of each attempt how long it took and how it ended", async () => {
		const attempts: UnwrapAttempt[] = [];
		const pace = { ...PACE, onAttempt: (each: UnwrapAttempt) => attempts.push(each) };
		const key = new Uint8Array(32);
		let calls = 0;
		const second = async (): Promise<Uint8Array> => {
			calls += 1;
			if (calls === 2) return key;
			throw new DecryptError("DECRYPT_UNWRAP_FAILED", "Not now.", { retryable: true });
		};
		expect(await retryUnwrap("A KMS", second, calm, pace)).toBe(key);
		const odd = new RangeError("odd");
		expect(await rejection(retryUnwrap("A KMS", () => Promise.reject(odd), calm, pace))).toBe(odd);
		expect(attempts.map(({ error }) => error?.message)).toEqual([
			"Not now.",
			undefined,
			"Asking A KMS failed unexpectedly.",
		]);
		for (const { durationMs } of attempts) expect(durationMs).toBeGreaterThanOrEqual(0);
	});

	it("tells nothing of an attempt that was aborted", async () => {
		const attempts: UnwrapAttempt[] = [];
		const pace = { ...PACE, onAttempt: (each: UnwrapAttempt) => attempts.push(each) };
		const stopping = new AbortController();
		const unwrapping = rejection(retryUnwrap("A KMS", never, stopping.signal, pace));
		stopping.abort();
		await unwrapping;
		expect(attempts).toEqual([]);
	});

	it("pauses longer before the second retry, for less than two seconds, and never the same for all", () => {
		const [first = [], second = []] = [0, 1].map((retry) =>
			Array.from({ length: 100 }, () => UNWRAP_PACE.pauseMs(retry)),
		);
		expect(Math.max(...first)).toBeLessThan(Math.min(...second));
		expect(Math.max(...second)).toBeLessThan(2_000);
		expect(new Set(first).size).toBeGreaterThan(50);
	});

	it("ends an attempt that hears no signal, and wipes the key that it brings too late", async () => {
		const key = new Uint8Array(32).fill(7);
		let deliver: (key: Uint8Array) => void = () => undefined;
		const late = new Promise<Uint8Array>((resolve) => {
			deliver = resolve;
		});
		const pace = { ...PACE, attemptMs: 1, totalMs: 20 };
		expect(await rejection(retryUnwrap("A KMS", () => late, calm, pace))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: true,
			message:
				"A KMS, or where its credentials come from, did not answer in time; check the network and HTTPS_PROXY.",
		});
		deliver(key);
		await late;
		await Promise.resolve();
		expect(key).toEqual(new Uint8Array(32));
	});

	it("takes no longer than the total, pauses included", async () => {
		const { attempt, calls } = failing(true);
		const pace = { ...PACE, totalMs: 5, pauseMs: () => 60_000 };
		expect(await rejection(retryUnwrap("A KMS", attempt, calm, pace))).toMatchObject({
			message: "Attempt 1.",
		});
		expect(calls).toHaveLength(1);
	});

	it.each([
		["before the first attempt", 0],
		["in a pause", 1],
	])("rejects with the reason of an abort %s", async (_when, attempts) => {
		const controller = new AbortController();
		const abort = (): void => controller.abort(new RangeError("stopped"));
		const pauseMs = (): number => {
			queueMicrotask(abort);
			return 60_000;
		};
		if (attempts === 0) abort();
		const pace = { ...PACE, totalMs: 120_000, pauseMs };
		const { attempt, calls } = failing(true);
		expect(await rejection(retryUnwrap("A KMS", attempt, controller.signal, pace))).toEqual(
			new RangeError("stopped"),
		);
		expect(calls).toHaveLength(attempts);
	});

	it("leaves nothing behind on a signal that lives as long as the agent", async () => {
		const { signal } = new AbortController();
		await retryUnwrap("A KMS", async () => new Uint8Array(32), signal);
		await rejection(retryUnwrap("A KMS", failing(true).attempt, signal, PACE));
		expect(getEventListeners(signal, "abort")).toEqual([]);
	});

	it("rejects with the reason of an abort in an attempt that hears no signal", async () => {
		const controller = new AbortController();
		const attempt = () => {
			queueMicrotask(() => controller.abort(new RangeError("stopped")));
			return never();
		};
		expect(await rejection(retryUnwrap("A KMS", attempt, controller.signal, PACE))).toEqual(
			new RangeError("stopped"),
		);
	});
});
