import type { ResponseHead } from "./bounded-fetch.js";
import { type HttpPlace, statusError } from "./http-status.js";
import { SourceError } from "./source-error.js";

/** What GitHub asks to wait where a refusal for too many requests says nothing. */
const LEAST_WAIT_MS = 60_000;

/** As `statusError`, but a used-up limit always has a time to wait. */
export function statusOrLimitError(head: ResponseHead, place: HttpPlace, nowMs: number): SourceError {
	const error = statusError(head, place, nowMs);
	if (error.code !== "SOURCE_RATE_LIMITED" || error.retryAfterMs !== undefined) return error;
	return new SourceError(error.code, error.message, { retryAfterMs: LEAST_WAIT_MS });
}
