import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PackError } from "../src/index.js";
import { callKms, type KmsPatience } from "../src/kms-call.js";
import { refusal } from "./refusal.js";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

class Busy {
	readonly busy = true;
}

function call(patience: KmsPatience = {}) {
	const explain = (error: unknown) => ({
		problem: "it failed",
		hint: "try",
		code: error instanceof Busy ? "Busy" : "not a plain word",
		retryable: error instanceof Busy,
	});
	return { service: "Some KMS", task: "encrypt with k", patience, explain };
}

/** Lets every timer run, and gives the outcome and how long it took. */
async function outcome<T>(promise: Promise<T>) {
	const startMs = Date.now();
	const settled = promise.then(
		(value) => ({ value, error: undefined, tookMs: Date.now() - startMs }),
		(error: PackError) => ({ value: undefined, error, tookMs: Date.now() - startMs }),
	);
	await vi.runAllTimersAsync();
	return settled;
}

it("asks once where that does", async () => {
	const request = vi.fn(async () => 7);
	expect(await outcome(callKms(call(), request))).toMatchObject({ value: 7, tookMs: 0 });
	expect(request).toHaveBeenCalledOnce();
	expect(vi.getTimerCount()).toBe(0);
});

it("pauses and asks again, at most twice, where it may help", async () => {
	const request = vi.fn().mockRejectedValueOnce(new Busy()).mockRejectedValueOnce(new Busy());
	request.mockResolvedValueOnce(7);
	expect(await outcome(callKms(call(), request))).toMatchObject({ value: 7, tookMs: 1_500 });
	request.mockRejectedValue(new Busy());
	const { error } = await outcome(callKms(call(), request));
	expect(request).toHaveBeenCalledTimes(6);
	expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: true });
	expect(error?.message).toBe("Some KMS could not encrypt with k: it failed (Busy); try.");
});

it("asks once where it does not help, and shows no code that is not a plain word", async () => {
	const request = vi.fn().mockRejectedValue(new TypeError("secret"));
	const { error, tookMs } = await outcome(callKms(call(), request));
	expect(error).toMatchObject({
		code: "PACK_KMS_FAILED",
		retryable: false,
		message: "Some KMS could not encrypt with k: it failed; try.",
	});
	expect(error?.cause).toBeUndefined();
	expect(request).toHaveBeenCalledOnce();
	expect(tookMs).toBe(0);
});

it("hands on an error that is explained already", async () => {
	const own = new PackError("PACK_KEY_INVALID", "The key is none; give one.");
	vi.useRealTimers();
	expect(await refusal(() => callKms(call(), () => Promise.reject(own)))).toBe(own);
});

it("gives up on each attempt, and on all of them, even when the SDK does not", async () => {
	const signals: AbortSignal[] = [];
	const request = (signal: AbortSignal) => {
		signals.push(signal);
		return new Promise<never>(() => undefined);
	};
	const { error, tookMs } = await outcome(callKms(call(), request));
	expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
	expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: true });
	expect(error?.message).toMatch(/: there was no answer within 30000 ms; /);
	expect(tookMs).toBe(30_000);
	expect(vi.getTimerCount()).toBe(0);
});

it("gives an attempt no longer than it is told", async () => {
	const { error, tookMs } = await outcome(
		callKms(call({ attemptMs: 100, pausesMs: [] }), () => new Promise<never>(() => undefined)),
	);
	expect(error?.message).toMatch(/: there was no answer within 100 ms; /);
	expect(tookMs).toBe(100);
});

it("takes the deadline for the reason when the SDK rejects because of it", async () => {
	const request = (signal: AbortSignal) =>
		new Promise<never>((_, reject) =>
			signal.addEventListener("abort", () => reject(new TypeError("aborted"))),
		);
	const { error } = await outcome(callKms(call({ attemptMs: 100, pausesMs: [] }), request));
	expect(error?.message).toMatch(/no answer within 100 ms/);
});

it("does not begin an attempt after the last moment", async () => {
	const request = vi.fn().mockRejectedValue(new Busy());
	const patience = { totalMs: 1_000, pausesMs: [2_000, 2_000] };
	const { error } = await outcome(callKms(call(patience), request));
	expect(request).toHaveBeenCalledOnce();
	expect(error?.message).toMatch(/no answer within 1000 ms/);
});
