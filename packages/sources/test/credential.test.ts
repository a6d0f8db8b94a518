import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { credentialHeaders } from "../src/credential.js";
import { SourceError } from "../src/index.js";

const bare = new URL("https://host.example/a");

describe("credentialHeaders", () => {
	it.each([
		["https://user:pass@h.example", "user:pass"],
		["https://user@h.example", "user:"],
		["https://:pass@h.example", ":pass"],
		["https://m%40il:p%3Aw@h.example", "m@il:p:w"],
		["https://us%zzer:100%@h.example", "us%zzer:100%"],
		["https://us%C3%A9r:p@h.example", "usér:p"],
	])("makes Basic of %s", (url, pair) => {
		const { authorization } = credentialHeaders(new URL(url), undefined);
		expect(authorization).toBe(`Basic ${Buffer.from(pair).toString("base64")}`);
	});

	it("makes nothing of nothing", () => {
		expect(credentialHeaders(bare, undefined)).toEqual({});
	});

	it("T27 makes a header that can be sent of any token, or refuses without quoting it", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", minLength: 8 }), (token) => {
				try {
					const headers = new Headers(credentialHeaders(bare, token));
					expect(headers.get("authorization")).toBe(`Bearer ${token}`);
				} catch (error) {
					expect(error).toBeInstanceOf(SourceError);
					expect(String(error)).not.toContain(token);
				}
			}),
		);
	});
});
