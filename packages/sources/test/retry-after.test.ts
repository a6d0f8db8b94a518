import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retryAfterMs, saysRateLimited } from "../src/retry-after.js";

const NOW = Date.UTC(2030, 0, 1, 12);
const DAY = 86_400_000;
const wait = (headers: Record<string, string>) => retryAfterMs(new Headers(headers), NOW);

describe("retryAfterMs", () => {
	it.each([
		["seconds", "120", 120_000],
		["zero", "0", 0],
		["an HTTP date", "Tue, 01 Jan 2030 12:00:30 GMT", 30_000],
		["an old HTTP date", "Tuesday, 01-Jan-30 12:00:30 GMT", 30_000],
		["a date in the past", "Mon, 01 Jan 2029 12:00:00 GMT", 0],
		["a date far ahead", "Fri, 31 Dec 9999 23:59:59 GMT", DAY],
		["more seconds than there are", "9".repeat(400), DAY],
		["a negative number", "-5", undefined],
		["a fraction", "1.5", undefined],
		["words", "Soon, please", undefined],
		["nothing", "", undefined],
	])("T22 reads Retry-After as %s", (_, text, expected) => {
		expect(wait({ "retry-after": text })).toBe(expected);
	});

	const reset = String(NOW / 1000 + 60);

	it("T22 reads the reset of a used-up rate limit", () => {
		expect(wait({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset })).toBe(60_000);
		expect(wait({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" })).toBe(0);
	});

	it("T22 ignores the reset of a rate limit that is not used up, or an unreadable one", () => {
		expect(wait({ "x-ratelimit-remaining": "3", "x-ratelimit-reset": reset })).toBeUndefined();
		expect(wait({ "x-ratelimit-reset": reset })).toBeUndefined();
		expect(wait({ "x-ratelimit-remaining": "0" })).toBeUndefined();
		expect(wait({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "later" })).toBeUndefined();
	});

	it("T22 prefers Retry-After to the reset, unless it is unreadable", () => {
		const limited = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
		expect(wait({ ...limited, "retry-after": "5" })).toBe(5_000);
		expect(wait({ ...limited, "retry-after": "?" })).toBe(60_000);
	});

	it("T22 T23 is always within a day, whatever is sent", () => {
		const text = fc.oneof(
			fc.string({ unit: "grapheme-ascii" }),
			fc.integer().map(String),
			fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
		);
		fc.assert(
			fc.property(text, text, (after, epoch) => {
				const ms = wait({ "retry-after": after, "x-ratelimit-remaining": "0", "x-ratelimit-reset": epoch });
				expect(ms === undefined || (ms >= 0 && ms <= DAY)).toBe(true);
			}),
		);
	});
});

describe("saysRateLimited", () => {
	it.each([
		[{ "retry-after": "1" }, true],
		[{ "x-ratelimit-remaining": "0" }, true],
		[{ "x-ratelimit-remaining": "10" }, false],
		[{}, false],
	])("reads %j as %s", (headers, expected) => {
		expect(saysRateLimited(new Headers(headers))).toBe(expected);
	});
});
