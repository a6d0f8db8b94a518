import type { SourceError } from "./source-error.js";

/** The kinds of place an artifact can come from; also the `clef.source.type` of telemetry, grouped there. */
export type SourceType = "file" | "http" | "inline" | "s3" | "github" | "gitlab" | "bitbucket";

/**
 * What a place says about the version it last handed out, to ask "changed since?" with.
 *
 * Plain JSON data: it may be stored and given back after a restart. For files and inline bytes `etag` is the
 * lower-case hex SHA-256 of the content; for http both fields are the header values as received.
 */
export interface Validator {
	readonly etag?: string;
	readonly lastModified?: string;
}

/** The outcome of one read: new bytes, owned by the caller, or the news that nothing changed. */
export type SourceResult =
	| { readonly kind: "modified"; readonly bytes: Uint8Array; readonly validator?: Validator }
	| { readonly kind: "unmodified" };

/** A place that bytes come from. It never judges what they mean. */
export interface Source {
	readonly type: SourceType;

	/** Names the place for people. Safe for logs: holds no userinfo, query or fragment of a URL. */
	readonly description: string;

	/**
	 * Tells this place from others with the same description, where there can be such; for programs that keep
	 * something about it. Opaque, and holds no secret.
	 */
	readonly place?: string | undefined;

	/** What is wrong with a rotated credential though the last read still succeeded with the one before it. */
	readonly credentialProblem?: SourceError | undefined;

	/**
	 * Reads the place once, without retrying.
	 *
	 * `unmodified` is only ever answered to a caller that gave a validator. Rejects with `SourceError`, or with
	 * `signal.reason` once the signal is aborted.
	 */
	read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult>;

	/**
	 * Calls back after the place may have changed, several changes at once counting as one.
	 *
	 * Changes are counted from this call on: watch first, then read. Present only where a place can be watched.
	 * `onChange` must not throw.
	 */
	watch?(onChange: () => void): Watch;
}

/** A running watch; after `close` there is no further callback. */
export interface Watch {
	close(): void;
}

/** Timers as the sources need them. */
export interface SourceTimers {
	/** Calls back once after `ms` milliseconds, unless the returned function is called before. */
	setTimeout(callback: () => void, ms: number): () => void;
}

/** The outside world of a source: network, timers and wall clock (epoch milliseconds). */
export interface SourceEnvironment {
	readonly fetch: typeof fetch;
	readonly timers: SourceTimers;
	readonly now: () => number;
}
