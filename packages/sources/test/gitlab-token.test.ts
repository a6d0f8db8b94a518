import { printed } from "@clef-sh/testkit/source-conformance";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gitlabCredential } from "../src/gitlab-token.js";
import { SourceError } from "../src/index.js";

function refusal(token: string): unknown {
	try {
		return gitlabCredential(token);
	} catch (error) {
		return error;
	}
}

describe("gitlabCredential", () => {
	it.each([
		["a personal, project or group access token", "glpat-Xyz_0-9abcdefghijkl"],
		["one that says where it belongs", "glpat-Xyz_0-9abcdefghijkl.01.0a1b2c3d4"],
		["one with the instance's own prefix", "acme-glpat-abcdefghijklmnopqrst"],
		["one with a prefix an administrator chose", "acme_abcdefghijklmnopqrst"],
		["one from before there were prefixes", "abcdefghij1234567890"],
		["one whose random part looks like another kind", "glpat-gldt-abcdefghijklm"],
	])("sends %s as PRIVATE-TOKEN", (_, token) => {
		expect(gitlabCredential(token)).toEqual({ token });
	});

	it.each([
		"glcbt-64_abcdefghijklmnopqrst",
		"glcbt-eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
		"acme-glcbt-64_abcdefghijk",
	])("sends the job token %s as JOB-TOKEN", (jobToken) => {
		expect(gitlabCredential(jobToken)).toEqual({ jobToken });
	});

	it("sends an OAuth token, which has no prefix but 64 hex digits, as Bearer", () => {
		const oauthToken = "0123456789abcdef".repeat(4);
		expect(gitlabCredential(oauthToken)).toEqual({ oauthToken });
		expect(gitlabCredential(oauthToken.slice(1))).toEqual({ token: oauthToken.slice(1) });
	});

	it("sends nothing without a token", () => {
		expect(gitlabCredential(undefined)).toEqual({});
	});

	it.each([
		["gldt", "deploy token"],
		["gloas", "OAuth application secret"],
		["glrt", "runner token"],
		["glrtr", "runner token"],
		["glptt", "pipeline trigger token"],
		["glft", "feed token"],
		["glimt", "incoming mail token"],
		["glagent", "agent token"],
		["glwt", "workspace token"],
		["glsoat", "SCIM token"],
		["glffct", "feature flags client token"],
	])("T27 refuses %s-, saying what it is and what to use, without quoting it", (prefix, kind) => {
		for (const token of [`${prefix}-s3cret`, `acme-${prefix}-s3cret`]) {
			const error = refusal(token);
			expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
			expect(printed(error)).toContain(kind);
			expect(printed(error)).toContain("read_repository");
			expect(printed(error)).not.toContain("s3cret");
		}
	});

	it.each(["", "s3cret with space", "s3cret\r\nx-evil: 1", "s3crét"])(
		"T27 refuses %j, which no header can carry, without quoting it",
		(token) => {
			const error = refusal(token);
			expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
			expect(printed(error)).toContain("CLEF_AGENT_VCS_TOKEN");
			expect(printed(error)).not.toContain("s3cr");
		},
	);

	it("T27 never quotes any token, and never changes one it takes", () => {
		fc.assert(
			fc.property(fc.string({ minLength: 12, unit: "grapheme" }), (token) => {
				const result = refusal(token);
				if (result instanceof SourceError) expect(result.message).not.toContain(token);
				else expect(Object.values(Object(result))).toEqual([token]);
			}),
		);
	});
});
