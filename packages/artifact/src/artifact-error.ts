/** Why an artifact was refused. */
export type ArtifactErrorCode =
	| "ARTIFACT_MALFORMED"
	| "ARTIFACT_VERSION_UNSUPPORTED"
	| "ARTIFACT_DIGEST_MISMATCH"
	| "ARTIFACT_SIGNATURE_MISSING"
	| "ARTIFACT_SIGNATURE_INVALID"
	| "ARTIFACT_KEY_UNSUPPORTED"
	| "ARTIFACT_SUBJECT_MISMATCH"
	| "ARTIFACT_ROLLED_BACK"
	| "ARTIFACT_EQUIVOCATED"
	| "ARTIFACT_FROM_FUTURE"
	| "ARTIFACT_EXPIRED"
	| "ARTIFACT_REVOKED";

/** What kind of malformed an `ARTIFACT_MALFORMED` body is; the gravest kind when there are several. */
export type ArtifactProblem = "json_parse" | "missing_fields" | "invalid_shape" | "incomplete_envelope";

/** What an `ArtifactError` may carry beside its code and sentence. */
export interface ArtifactErrorOptions {
	readonly cause?: unknown;
	readonly problem?: ArtifactProblem;
}

/** An artifact or a verify key that is refused; the same bytes are refused again, so a retry needs new ones. */
export class ArtifactError extends Error {
	override readonly name = "ArtifactError";
	readonly code: ArtifactErrorCode;
	readonly retryable: false = false;
	/** Set when `code` is `ARTIFACT_MALFORMED`. */
	readonly problem?: ArtifactProblem;

	constructor(code: ArtifactErrorCode, message: string, options: ArtifactErrorOptions = {}) {
		super(message, "cause" in options ? { cause: options.cause } : undefined);
		this.code = code;
		if (options.problem !== undefined) this.problem = options.problem;
	}
}
