/** No place may silence us for longer than this: 24 hours. */
const LONGEST_MS = 86_400_000;

/**
 * Reads how long a server asked to be left alone, in milliseconds from `nowMs`, between 0 and 24 hours.
 *
 * `Retry-After` (seconds or an HTTP date) comes first; `X-RateLimit-Reset` (epoch seconds) counts only when
 * `X-RateLimit-Remaining` is 0. Undefined when the server asked for nothing that can be understood.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
	const wait = fromRetryAfter(headers.get("retry-after"), nowMs) ?? fromReset(headers, nowMs);
	return wait === undefined ? undefined : Math.min(Math.max(wait, 0), LONGEST_MS);
}

/** Whether the headers of a refusal say that a quota is used up, rather than that access is denied. */
export function saysRateLimited(headers: Headers): boolean {
	return headers.has("retry-after") || headers.get("x-ratelimit-remaining")?.trim() === "0";
}

function fromRetryAfter(text: string | null, nowMs: number): number | undefined {
	if (text === null) return undefined;
	if (/^\d+$/.test(text)) return Number(text) * 1000;
	// Date.parse reads almost anything ("-5" is a year); an HTTP date starts with the day's name.
	if (!/^[A-Z][a-z]+,? /.test(text)) return undefined;
	const at = Date.parse(text);
	return Number.isNaN(at) ? undefined : at - nowMs;
}

function fromReset(headers: Headers, nowMs: number): number | undefined {
	const reset = headers.get("x-ratelimit-reset")?.trim() ?? "";
	if (headers.get("x-ratelimit-remaining")?.trim() !== "0" || !/^\d+$/.test(reset)) return undefined;
	return Number(reset) * 1000 - nowMs;
}
