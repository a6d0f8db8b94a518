import { PackError } from "./pack-error.js";

/** How long a KMS is waited for. */
export interface KmsPatience {
	/** For one attempt, credentials included; 10 s when left out. */
	readonly attemptMs?: number;
	/** For all attempts together; 30 s when left out. */
	readonly totalMs?: number;
	/** One pause before each further attempt; two when left out. */
	readonly pausesMs?: readonly number[];
}

/** One operation of a KMS, for the sentences about its failures. */
export interface KmsCall {
	/** The service's name. */
	readonly service: string;
	/** What is asked for, with the key it is asked of: `encrypt with KEY`. */
	readonly task: string;
	readonly patience: KmsPatience;
	/** What an error of the SDK means. */
	readonly explain: (error: unknown) => KmsFailure;
}

/** What went wrong and what to do, for the sentence "SERVICE could not TASK: PROBLEM (CODE); HINT." */
export interface KmsFailure {
	readonly problem: string;
	readonly hint: string;
	/** The service's, or the network's, own word for it; shown where it is a plain one. */
	readonly code?: unknown;
	readonly retryable: boolean;
}

/**
 * Asks a KMS, and asks again where it was busy, late or out of reach.
 *
 * Rejects with `PACK_KMS_FAILED`. The SDK's error is not kept as the cause: it may hold the request, and with it
 * the data key or a token.
 */
export async function callKms<T>(call: KmsCall, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const { attemptMs = 10_000, totalMs = 30_000, pausesMs = [300, 1_200] } = call.patience;
	const total = deadline(totalMs);
	const [...pauses] = pausesMs;
	try {
		for (;;) {
			try {
				return await attempt(attemptMs, total.signal, request);
			} catch (error) {
				const failure = failureOf(call, error);
				const pauseMs = pauses.shift();
				if (!failure.retryable || pauseMs === undefined || total.signal.aborted) throw failure;
				await new Promise((resolve) => setTimeout(resolve, pauseMs));
			}
		}
	} finally {
		total.clear();
	}
}

/** Ends at the deadline even when the SDK goes on. */
async function attempt<T>(
	ms: number,
	total: AbortSignal,
	request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const own = deadline(ms);
	const signal = AbortSignal.any([own.signal, total]);
	const late = new Promise<never>((_, reject) => {
		signal.addEventListener("abort", () => reject(signal.reason), { once: true });
	});
	try {
		signal.throwIfAborted();
		return await Promise.race([request(signal), late]);
	} catch (error) {
		throw signal.aborted ? signal.reason : error;
	} finally {
		own.clear();
	}
}

/** The reason of a deadline's abort. */
class Late {
	readonly ms: number;

	constructor(ms: number) {
		this.ms = ms;
	}
}

function deadline(ms: number): { readonly signal: AbortSignal; readonly clear: () => void } {
	const controller = new AbortController();
	const timer = setTimeout(() => controller.abort(new Late(ms)), ms);
	return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

function failureOf({ service, task, explain }: KmsCall, error: unknown): PackError {
	if (error instanceof PackError) return error;
	const { problem, hint, code, retryable } = error instanceof Late ? lateness(error) : explain(error);
	const noted = typeof code === "string" && /^\w{1,64}$/.test(code) ? ` (${code})` : "";
	const sentence = `${service} could not ${task}: ${problem}${noted}; ${hint}.`;
	return new PackError("PACK_KMS_FAILED", sentence, { retryable });
}

function lateness({ ms }: Late): KmsFailure {
	const problem = `there was no answer within ${ms} ms`;
	return { problem, hint: "check the network, and where credentials come from", retryable: true };
}
