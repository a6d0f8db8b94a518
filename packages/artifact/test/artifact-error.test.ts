import { describe, expect, it } from "vitest";
import { ArtifactError } from "../src/index.js";

describe("ArtifactError", () => {
	it("is an error with a code, and never worth a retry of the same bytes", () => {
		const error = new ArtifactError("ARTIFACT_EXPIRED", "It expired.");
		expect(error).toBeInstanceOf(Error);
		expect(error).toMatchObject({
			name: "ArtifactError",
			code: "ARTIFACT_EXPIRED",
			message: "It expired.",
			retryable: false,
		});
		expect(error.problem).toBeUndefined();
		expect("cause" in error).toBe(false);
	});

	it("carries a cause and a problem when given", () => {
		const cause = new TypeError("below");
		const error = new ArtifactError("ARTIFACT_MALFORMED", "Broken.", { cause, problem: "json_parse" });
		expect(error.cause).toBe(cause);
		expect(error.problem).toBe("json_parse");
	});
});
