import { describe, expect, expectTypeOf, it } from "vitest";
import { PackError, type PackErrorCode } from "../src/index.js";

describe("PackError", () => {
	it("carries its code and sentence, and is not retryable unless it says so", () => {
		const cause = new TypeError("below");
		const error = new PackError("PACK_KEY_INVALID", "The key is bad; make another.", { cause });
		expect(error).toBeInstanceOf(Error);
		expect(error).toMatchObject({ name: "PackError", code: "PACK_KEY_INVALID", retryable: false, cause });
		expect(new PackError("PACK_KMS_FAILED", "Busy; wait.", { retryable: true }).retryable).toBe(true);
	});

	it("has a closed set of codes", () => {
		expectTypeOf<PackErrorCode>().toEqualTypeOf<
			"PACK_INPUT_INVALID" | "PACK_KEY_INVALID" | "PACK_KMS_FAILED"
		>();
	});
});
