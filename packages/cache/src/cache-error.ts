/** Why nothing may be served at this moment. */
export type Unservable = "not_loaded" | "cache_expired" | "artifact_expired" | "revoked";

/** Codes of {@link CacheError}: those of reading the cell, and those of the last-known-good file. */
export type CacheErrorCode =
	| "AGENT_NOT_READY"
	| "AGENT_NOT_FRESH"
	| "ARTIFACT_EXPIRED"
	| "ARTIFACT_REVOKED"
	| "CACHE_UNREADABLE"
	| "CACHE_UNWRITABLE";

/** What is held may not be served, or the last-known-good file cannot be used. */
export class CacheError extends Error {
	override readonly name = "CacheError";
	readonly code: CacheErrorCode;
	/** Set when the error comes from reading the cell. */
	readonly reason: Unservable | undefined;
	readonly retryable = true;

	constructor(code: CacheErrorCode, message: string, options: ErrorOptions & { reason?: Unservable } = {}) {
		super(message, options);
		this.code = code;
		this.reason = options.reason;
	}
}
