import { ArtifactError } from "@clef-sh/artifact";
import { DecryptError } from "@clef-sh/decryptors";
import { describe, expect, it } from "vitest";
import { invalidReason } from "../src/invalid-reason.js";

describe("invalidReason", () => {
	it.each([
		["ARTIFACT_VERSION_UNSUPPORTED", "unsupported_version"],
		["ARTIFACT_DIGEST_MISMATCH", "integrity"],
		["ARTIFACT_SIGNATURE_MISSING", "signature_missing"],
		["ARTIFACT_SIGNATURE_INVALID", "signature_invalid"],
		["ARTIFACT_KEY_UNSUPPORTED", "signature_error"],
		["ARTIFACT_SUBJECT_MISMATCH", "subject"],
		["ARTIFACT_ROLLED_BACK", "rollback"],
		["ARTIFACT_EQUIVOCATED", "equivocation"],
		["ARTIFACT_FROM_FUTURE", "future"],
		["ARTIFACT_REVOKED", "rollback"],
		["ARTIFACT_MALFORMED", "invalid_shape"],
	] as const)("calls %s %s", (code, reason) => {
		expect(invalidReason(new ArtifactError(code, "Sentence."))).toBe(reason);
	});

	it.each([
		["DECRYPT_NO_IDENTITY", "decrypt"],
		["DECRYPT_AUTHENTICATION_FAILED", "decrypt"],
		["DECRYPT_UNWRAP_FAILED", "kms_unwrap"],
		["DECRYPT_PAYLOAD_MALFORMED", "payload_parse"],
	] as const)("calls %s %s", (code, reason) => {
		expect(invalidReason(new DecryptError(code, "Sentence."))).toBe(reason);
	});

	it.each(["json_parse", "missing_fields", "invalid_shape", "incomplete_envelope"] as const)(
		"takes the finer cause %s from a malformed artifact",
		(problem) => {
			expect(invalidReason(new ArtifactError("ARTIFACT_MALFORMED", "Sentence.", { problem }))).toBe(problem);
		},
	);
});
