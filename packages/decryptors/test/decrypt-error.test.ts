import { describe, expect, expectTypeOf, it } from "vitest";
import { DecryptError, type DecryptErrorCode } from "../src/index.js";

describe("DecryptError", () => {
	it("carries its code, its sentence and its cause", () => {
		const cause = new TypeError("below");
		const error = new DecryptError("DECRYPT_UNWRAP_FAILED", "The KMS said no; ask again.", { cause });
		expect(error).toMatchObject({
			name: "DecryptError",
			code: "DECRYPT_UNWRAP_FAILED",
			message: "The KMS said no; ask again.",
			cause,
		});
		expect(error).toBeInstanceOf(Error);
	});

	it("is not retryable unless it says so", () => {
		expect(new DecryptError("DECRYPT_NO_IDENTITY", "No.").retryable).toBe(false);
		expect(new DecryptError("DECRYPT_UNWRAP_FAILED", "Later.", { retryable: true }).retryable).toBe(true);
	});

	it("has a closed set of codes", () => {
		expectTypeOf<DecryptErrorCode>().toEqualTypeOf<
			| "DECRYPT_NO_IDENTITY"
			| "DECRYPT_UNWRAP_FAILED"
			| "DECRYPT_AUTHENTICATION_FAILED"
			| "DECRYPT_PAYLOAD_MALFORMED"
		>();
		// @ts-expect-error a code that is not of this package
		expect(new DecryptError("SOURCE_TIMEOUT", "No.").code).toBe("SOURCE_TIMEOUT");
	});
});
