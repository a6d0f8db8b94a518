import { printed } from "@clef-sh/testkit/source-conformance";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitbucketCredential } from "../src/bitbucket-credential.js";
import { SourceError } from "../src/index.js";

const basic = (pair: string) => `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;

describe("bitbucketCredential", () => {
	it.each([
		["ATCTT3xFfGN0-access", "Bearer ATCTT3xFfGN0-access"],
		["ATCTT3x=A1B2C3", "Bearer ATCTT3x=A1B2C3"],
		["BBDC-data/center+token", "Bearer BBDC-data/center+token"],
		["dev@acme.example:ATATT3x", basic("dev@acme.example:ATATT3x")],
		["dev:app-password", basic("dev:app-password")],
		["dev:pass:w0rd", basic("dev:pass:w0rd")],
		["jürg:gèheim", basic("jürg:gèheim")],
	])("of %s is %s", (token, authorization) => {
		expect(bitbucketCredential(token)).toEqual({ authorization });
	});

	it("of nothing is nothing", () => {
		expect(bitbucketCredential(undefined)).toEqual({});
	});

	it.each(["", " ", "two words", "line\nbreak", ":s3cret", "s3cret:", ":", "s3crét"])(
		"T27 refuses %j without quoting it",
		(token) => {
			let error: unknown;
			try {
				bitbucketCredential(token);
			} catch (thrown) {
				error = thrown;
			}
			expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
			expect(printed(error)).toContain("CLEF_AGENT_VCS_TOKEN");
			expect(printed(error)).not.toMatch(/s3cr/);
		},
	);

	it("T27 makes a header that can be sent of any token, or refuses without quoting it", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", minLength: 8 }), (token) => {
				try {
					const sent = new Headers(bitbucketCredential(token)).get("authorization") ?? "";
					expect(sent).toBe(token.includes(":") ? basic(token) : `Bearer ${token}`);
				} catch (error) {
					expect(error).toBeInstanceOf(SourceError);
					expect(String(error)).not.toContain(token);
				}
			}),
		);
	});
});
