import { describe, expect, it } from "vitest";
import { Backoff } from "../src/backoff.js";
import { refusalError, retryAfterMs } from "../src/refusal.js";

const SUBJECT = 'The secret "A"';

function errorOf(status: number, text: string, isSecret = true) {
	return refusalError({ status, text, retryAfterMs: undefined, subject: SUBJECT, isSecret });
}

describe("a refusal", () => {
	it.each([0, 300, 301, 304, 399])("of status %i is a redirect, whatever its body says", (status) => {
		const error = errorOf(status, '{"code":"NOT_FOUND"}');
		expect(error).toMatchObject({ code: "BAD_RESPONSE", retryable: false });
		expect(error.message).toContain("is a redirect");
	});

	it.each([
		["a code in small letters", '{"code":"not_found"}'],
		["a code with a line break", '{"code":"NOT_FOUND\\n"}'],
		["a code that is a sentence", '{"code":"PASSWORD IS HUNTER2"}'],
		["a code that is too long", `{"code":"${"A".repeat(65)}"}`],
		["a code that is a number", '{"code":404}'],
		["no object", "null"],
		["a list", "[1]"],
	])("with %s is nobody's we know, and nothing of it is repeated", (_, text) => {
		const error = errorOf(404, text);
		expect(error.code).toBe("BAD_RESPONSE");
		expect(error.agentCode).toBeUndefined();
		expect(error.message).not.toMatch(/HUNTER2|AAAA|not_found/);
	});

	it("takes a code of 64 letters, which is the longest", () => {
		expect(errorOf(400, `{"code":"${"A".repeat(64)}"}`)).toMatchObject({ code: "AGENT_REFUSED" });
	});

	it.each([
		[401, true, "UNAUTHORIZED", false],
		[404, true, "SECRET_NOT_FOUND", false],
		[404, false, "AGENT_REFUSED", false],
		[409, true, "SECRET_AMBIGUOUS", false],
		[429, true, "RATE_LIMITED", true],
		[503, true, "AGENT_NOT_READY", true],
		[405, true, "AGENT_REFUSED", false],
		[500, true, "AGENT_REFUSED", false],
	] as const)("of status %i (of a secret: %s) is %s; retryable: %s", (status, isSecret, code, retryable) => {
		const error = errorOf(status, '{"code":"SOME_CODE","error":"hunter2"}', isSecret);
		expect(error).toMatchObject({ code, retryable, agentCode: "SOME_CODE" });
		expect(error.message).toMatch(/^[A-Z].*\.$/);
		expect(error.message).not.toContain("hunter2");
	});

	it.each([
		["not_loaded", true],
		["cache_expired", true],
		["artifact_expired", false],
		["revoked", false],
	] as const)("because of %s: retryable %s", (reason, retryable) => {
		const error = errorOf(503, JSON.stringify({ code: "X", reason }));
		expect(error).toMatchObject({ code: "AGENT_NOT_READY", reason, retryable });
	});
});

describe("Retry-After", () => {
	it.each([
		["7", 7_000],
		["0", 0],
		["300", 300_000],
		["86400", 300_000],
		["9".repeat(400), 300_000],
		["-1", undefined],
		["1.5", undefined],
		["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
		["", undefined],
	])("%j is %j", (text, ms) => {
		expect(retryAfterMs(new Headers({ "retry-after": text }))).toBe(ms);
	});
});

describe("waits between attempts", () => {
	const waits = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.next());

	it("double up to the limit, and are never longer after ever so many", () => {
		const backoff = new Backoff(() => 1, 100, 1_000);
		expect(waits(backoff, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
		expect(waits(backoff, 2_000).at(-1)).toBe(1_000);
	});

	it("are shortened by half at most", () => {
		expect(new Backoff(() => 0, 100, 1_000).next()).toBe(50);
	});

	it.each([
		[0, 100],
		[500, 500],
		[3_600_000, 1_000],
	])("begin anew from a base of %i ms that a server asks for, within bounds: %i", (askedMs, firstMs) => {
		const backoff = new Backoff(() => 1, 200, 1_000);
		waits(backoff, 3);
		backoff.reset(askedMs);
		expect(backoff.next()).toBe(firstMs);
		backoff.reset();
		expect(backoff.next()).toBe(firstMs);
	});
});
