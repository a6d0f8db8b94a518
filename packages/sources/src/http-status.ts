import type { ResponseHead } from "./bounded-fetch.js";
import { retryAfterMs, saysRateLimited } from "./retry-after.js";
import { SourceError } from "./source-error.js";

/** The place a response came from, for messages. */
export interface HttpPlace {
	readonly description: string;

	/** The environment variable that holds the credential for it. */
	readonly credential: string;
}

/**
 * Names what a response other than 200 or an expected 304 means.
 *
 * 403 is a used-up quota when its headers say so, else missing access; 5xx is worth another try.
 */
export function statusError(head: ResponseHead, place: HttpPlace, nowMs: number): SourceError {
	const { status, headers } = head;
	const { description, credential } = place;
	const answered = `${description} answered ${status}`;
	const wait = { retryAfterMs: retryAfterMs(headers, nowMs) };
	if (status === 429 || (status === 403 && saysRateLimited(headers))) {
		return new SourceError("SOURCE_RATE_LIMITED", `${answered}: the rate limit is used up.`, wait);
	}
	if (status === 401 || status === 403) {
		return new SourceError("SOURCE_UNAUTHORIZED", `${answered}; check ${credential} and what it may read.`);
	}
	if (status === 404 || status === 410) {
		const hint = `check the address, and ${credential} where the place is private`;
		return new SourceError("SOURCE_NOT_FOUND", `${answered}; ${hint}.`);
	}
	if (status >= 500)
		return new SourceError("SOURCE_UNREACHABLE", `${answered}: the server is failing.`, wait);
	return new SourceError("SOURCE_BAD_RESPONSE", `${answered} where 200 was expected; check the address.`);
}
