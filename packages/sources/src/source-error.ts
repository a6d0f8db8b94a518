/** Every way a read can fail; the set is closed and a code never changes its meaning. */
export type SourceErrorCode =
	| "SOURCE_UNREACHABLE"
	| "SOURCE_TIMEOUT"
	| "SOURCE_UNAUTHORIZED"
	| "SOURCE_NOT_FOUND"
	| "SOURCE_RATE_LIMITED"
	| "SOURCE_TOO_LARGE"
	| "SOURCE_REDIRECT_REFUSED"
	| "SOURCE_BAD_RESPONSE";

const RETRYABLE: ReadonlySet<SourceErrorCode> = new Set([
	"SOURCE_UNREACHABLE",
	"SOURCE_TIMEOUT",
	"SOURCE_RATE_LIMITED",
]);

/** What a `SourceError` may carry beside its code and message. */
export interface SourceErrorOptions {
	/** Overrides what the code implies. */
	readonly retryable?: boolean;

	/** How long the place asked to be left alone, in milliseconds. */
	readonly retryAfterMs?: number | undefined;
}

/**
 * A read failed.
 *
 * The message is one sentence without userinfo, query or token. There is no `cause`: what the network layer
 * throws can quote the URL, so only its error code is kept, inside the message.
 */
export class SourceError extends Error {
	override readonly name = "SourceError";
	readonly code: SourceErrorCode;

	/** Whether the same read can succeed later without anybody changing anything. */
	readonly retryable: boolean;
	readonly retryAfterMs?: number;

	constructor(code: SourceErrorCode, message: string, options: SourceErrorOptions = {}) {
		super(message);
		this.code = code;
		this.retryable = options.retryable ?? RETRYABLE.has(code);
		if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
	}
}
