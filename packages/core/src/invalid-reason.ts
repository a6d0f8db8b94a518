import type { ArtifactError, ArtifactErrorCode } from "@clef-sh/artifact";
import type { DecryptError, DecryptErrorCode } from "@clef-sh/decryptors";
import type { InvalidReason } from "./event.js";

/** The reason telemetry gives for a refused artifact. */
export function invalidReason(error: ArtifactError | DecryptError): InvalidReason {
	if ("problem" in error && error.problem !== undefined) return error.problem;
	return REASONS[error.code];
}

const REASONS: Record<ArtifactErrorCode | DecryptErrorCode, InvalidReason> = {
	ARTIFACT_MALFORMED: "invalid_shape",
	ARTIFACT_VERSION_UNSUPPORTED: "unsupported_version",
	ARTIFACT_DIGEST_MISMATCH: "integrity",
	ARTIFACT_SIGNATURE_MISSING: "signature_missing",
	ARTIFACT_SIGNATURE_INVALID: "signature_invalid",
	ARTIFACT_KEY_UNSUPPORTED: "signature_error",
	ARTIFACT_SUBJECT_MISMATCH: "subject",
	ARTIFACT_ROLLED_BACK: "rollback",
	ARTIFACT_EQUIVOCATED: "equivocation",
	ARTIFACT_FROM_FUTURE: "future",
	// An expired artifact has an event of its own; the entry keeps the table total.
	ARTIFACT_EXPIRED: "rollback",
	// Packed before a revocation that is in force: an old artifact played back.
	ARTIFACT_REVOKED: "rollback",
	DECRYPT_NO_IDENTITY: "decrypt",
	DECRYPT_UNWRAP_FAILED: "kms_unwrap",
	DECRYPT_AUTHENTICATION_FAILED: "decrypt",
	DECRYPT_PAYLOAD_MALFORMED: "payload_parse",
};
