import type { ErrorCode } from "@clef-sh/core";

/** What can go wrong between the extension and Lambda. */
export type LambdaErrorCode =
	/** The Extensions API does not answer, or breaks off. */
	| "LAMBDA_API_UNREACHABLE"
	/** The Extensions API says no, or nothing that can be understood. */
	| "LAMBDA_API_REFUSED"
	/** There are no secrets at the end of Init, and without them the function shall not start. */
	| "LAMBDA_INIT_FAILED";

/** Why the extension cannot go on; the message is one sentence that is safe to log. */
export class LambdaError extends Error {
	override readonly name = "LambdaError";
	readonly code: LambdaErrorCode;
	/** Of `LAMBDA_INIT_FAILED`: what kept the secrets away. */
	readonly reason: ErrorCode | undefined;

	constructor(
		code: LambdaErrorCode,
		message: string,
		options: { cause?: unknown; reason?: ErrorCode | undefined } = {},
	) {
		super(message, { cause: options.cause });
		this.code = code;
		this.reason = options.reason;
	}
}
