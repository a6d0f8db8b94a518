import { setTimeout as pause } from "node:timers/promises";
import { DecryptError } from "./decrypt-error.js";

/** How long an unwrap may take, and when it is tried again. */
export interface UnwrapPace {
	/** Milliseconds for one attempt, with getting credentials. */
	readonly attemptMs: number;
	/** Milliseconds for all attempts and the pauses between them. */
	readonly totalMs: number;
	/** Milliseconds before the first retry (0) and the second (1). */
	readonly pauseMs: (retry: number) => number;
	/** Told after each attempt that nobody aborted. */
	readonly onAttempt?: (attempt: UnwrapAttempt) => void;
}

/** One call of a KMS. */
export interface UnwrapAttempt {
	readonly durationMs: number;
	/** Undefined when it succeeded. */
	readonly error: DecryptError | undefined;
}

/** The pace of the agent: three attempts in half a minute. */
export const UNWRAP_PACE: UnwrapPace = {
	attemptMs: 10_000,
	totalMs: 30_000,
	pauseMs: (retry) => 400 * 3 ** retry * (0.5 + Math.random() / 2),
};

const RETRIES = 2;

/**
 * Tries to unwrap a data key, and tries again where the `DecryptError` says that this can help.
 *
 * `service` is what the sentence about a timeout calls the KMS. Rejects with the last attempt's error, or with
 * the signal's reason as soon as it is aborted, even where the attempt does not listen to its own signal.
 */
export async function retryUnwrap(
	service: string,
	attempt: (signal: AbortSignal) => Promise<Uint8Array>,
	signal: AbortSignal,
	pace: UnwrapPace = UNWRAP_PACE,
): Promise<Uint8Array> {
	const endsAtMs = performance.now() + pace.totalMs;
	for (let retry = 0; ; retry += 1) {
		const startedMs = performance.now();
		const told = (error?: unknown): void =>
			pace.onAttempt?.({
				durationMs: performance.now() - startedMs,
				error: error === undefined || error instanceof DecryptError ? error : unforeseen(service, error),
			});
		try {
			const limitMs = Math.min(pace.attemptMs, endsAtMs - startedMs);
			const key = await bounded(service, attempt, signal, limitMs);
			told();
			return key;
		} catch (error) {
			signal.throwIfAborted();
			told(error);
			const pauseMs = pace.pauseMs(retry);
			const isLast = retry === RETRIES || performance.now() + pauseMs >= endsAtMs;
			if (isLast || !isRetryable(error)) throw error;
			await pause(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
		}
	}
}

/**
 * One attempt with a limit of its own.
 *
 * Not by `AbortSignal.any`: on Node 20 what it makes of a signal that lives as long as the agent is never freed.
 */
async function bounded(
	service: string,
	attempt: (signal: AbortSignal) => Promise<Uint8Array>,
	signal: AbortSignal,
	limitMs: number,
): Promise<Uint8Array> {
	signal.throwIfAborted();
	const limit = new AbortController();
	const forward = (): void => limit.abort(signal.reason);
	signal.addEventListener("abort", forward, { once: true });
	const timer = setTimeout(() => limit.abort(timedOut(service)), limitMs);
	const work = attempt(limit.signal);
	const struck = new Promise<never>((_resolve, reject) => {
		limit.signal.addEventListener("abort", () => {
			// A key that comes after all belongs to nobody.
			work.then(
				(key) => key.fill(0),
				() => undefined,
			);
			reject(limit.signal.reason);
		});
	});
	try {
		return await Promise.race([work, struck]);
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", forward);
	}
}

function isRetryable(error: unknown): boolean {
	return error instanceof DecryptError && error.retryable;
}

function unforeseen(service: string, cause: unknown): DecryptError {
	return new DecryptError("DECRYPT_UNWRAP_FAILED", `Asking ${service} failed unexpectedly.`, { cause });
}

function timedOut(service: string): DecryptError {
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		`${service}, or where its credentials come from, did not answer in time; check the network and HTTPS_PROXY.`,
		{ retryable: true },
	);
}
