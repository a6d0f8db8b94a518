import type { Clock } from "./clock.js";
import { type ErrorCode, isCodedError } from "./error-code.js";

/** How long something took, and how it ended. */
export interface Measured {
	/** Wall time, epoch milliseconds. */
	readonly startedAt: number;
	readonly durationMs: number;
	/** Of what it threw; undefined when it succeeded. */
	readonly code: ErrorCode | undefined;
}

/** Does `work` and passes its result or error on; `told` hears of it first, of an error that is not ours as `unknown`. */
export async function measure<R>(
	clock: Clock,
	unknown: ErrorCode,
	work: () => R | Promise<R>,
	told: (measured: Measured) => void,
): Promise<R> {
	const startedAt = clock.now();
	const startedMs = clock.monotonic();
	const tell = (code: ErrorCode | undefined): void =>
		told({ startedAt, durationMs: clock.monotonic() - startedMs, code });
	try {
		const result = await work();
		tell(undefined);
		return result;
	} catch (error) {
		tell(isCodedError(error) ? error.code : unknown);
		throw error;
	}
}
