import { describe, expect, it } from "vitest";
import { statusError } from "../src/http-status.js";

const PLACE = { description: "https://host.example/a", credential: "CLEF_AGENT_SOURCE_TOKEN" };
const meaning = (status: number, headers: Record<string, string> = {}) =>
	statusError({ status, headers: new Headers(headers) }, PLACE, 0);

describe("statusError", () => {
	it.each([
		[200, "SOURCE_BAD_RESPONSE", false],
		[203, "SOURCE_BAD_RESPONSE", false],
		[206, "SOURCE_BAD_RESPONSE", false],
		[304, "SOURCE_BAD_RESPONSE", false],
		[400, "SOURCE_BAD_RESPONSE", false],
		[401, "SOURCE_UNAUTHORIZED", false],
		[403, "SOURCE_UNAUTHORIZED", false],
		[404, "SOURCE_NOT_FOUND", false],
		[410, "SOURCE_NOT_FOUND", false],
		[412, "SOURCE_BAD_RESPONSE", false],
		[416, "SOURCE_BAD_RESPONSE", false],
		[429, "SOURCE_RATE_LIMITED", true],
		[500, "SOURCE_UNREACHABLE", true],
		[502, "SOURCE_UNREACHABLE", true],
		[504, "SOURCE_UNREACHABLE", true],
	])("reads %i as %s", (status, code, retryable) => {
		const error = meaning(status);
		expect(error).toMatchObject({ code, retryable });
		expect(error.retryAfterMs).toBeUndefined();
		expect(error.message).toContain(`https://host.example/a answered ${status}`);
	});

	it("T22 reads 403 as a rate limit when the headers say so", () => {
		expect(meaning(403, { "retry-after": "9" })).toMatchObject({
			code: "SOURCE_RATE_LIMITED",
			retryAfterMs: 9000,
		});
		const quota = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60" };
		expect(meaning(403, quota)).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 60_000 });
	});

	it("names the variable to look at when access is missing", () => {
		for (const status of [401, 403, 404]) expect(meaning(status).message).toContain(PLACE.credential);
	});
});
