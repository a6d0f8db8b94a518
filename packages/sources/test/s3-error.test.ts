import { printed } from "@clef-sh/testkit/source-conformance";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { credentialsError, s3Error } from "../src/s3-error.js";
import { SourceError } from "../src/source-error.js";

const PLACE = { description: "s3://b/k", anonymous: false };

describe("s3Error and credentialsError", () => {
	it("T27 make a SourceError of whatever was thrown, and keep none of its words", () => {
		const word = fc.string().map((text) => `s3cret${text}`);
		const thrown = fc.oneof(
			fc.anything(),
			word,
			word.map((text) => new Error(text, { cause: text })),
			fc.record({
				name: fc.oneof(word, fc.anything()),
				message: word,
				$metadata: fc.oneof(fc.anything(), fc.record({ httpStatusCode: fc.integer({ min: 100, max: 599 }) })),
				$response: fc.oneof(fc.constant(undefined), fc.record({ headers: fc.constant({ "x-a": "s3cret" }) })),
			}),
		);
		fc.assert(
			fc.property(thrown, (error) => {
				for (const result of [s3Error(error, PLACE, 0), credentialsError(error, PLACE.description)]) {
					expect(result).toBeInstanceOf(SourceError);
					expect(result.message).toContain("s3://b/k");
					expect(printed(result)).not.toContain("s3cret");
				}
			}),
		);
	});

	it("copy a SourceError, without what the SDK hung on it", () => {
		const original = new SourceError("SOURCE_RATE_LIMITED", "Wait.", { retryAfterMs: 5 });
		const passed = Object.assign(original, { $metadata: { attempts: 1 } });
		for (const error of [s3Error(passed, PLACE, 0), credentialsError(passed, "x")]) {
			expect(error).not.toHaveProperty("$metadata");
			expect(error).toMatchObject({ code: "SOURCE_RATE_LIMITED", message: "Wait.", retryAfterMs: 5 });
		}
	});

	it("do not blame keys that were never used", () => {
		const error = { name: "InvalidAccessKeyId", $metadata: { httpStatusCode: 403 } };
		const anonymous = s3Error(error, { ...PLACE, anonymous: true }, 0);
		expect(anonymous.message).toContain("no AWS credentials were found");
	});
});
