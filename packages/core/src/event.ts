import type { SourceType } from "@clef-sh/sources";
import type { ErrorCode } from "./error-code.js";

/** What happened, as told to the one sink given at construction. None of it is secret. */
export type AgentEvent =
	| AgentStarted
	| AgentStopped
	| AgentRecovered
	| ArtifactRestored
	| ArtifactRefreshed
	| ArtifactRevoked
	| ArtifactExpired
	| ArtifactInvalid
	| FetchFailed
	| CacheExpired
	| CredentialFailed
	| DiskFailed
	| DiskRecovered;

/** What everything that is told has in common. */
export interface Occurrence {
	/** Wall time, milliseconds since the epoch. */
	readonly at: number;
}

/** The agent was created and its loop begins. */
export interface AgentStarted extends Occurrence {
	readonly event: "agent.started";
	readonly mode: "cached" | "jit";
	readonly sourceType: SourceType;
	/** Safe for logs: without userinfo and query. */
	readonly source: string;
}

/** The agent was closed and its memory wiped. */
export interface AgentStopped extends Occurrence {
	readonly event: "agent.stopped";
	readonly uptimeSeconds: number;
}

/** All is well again after a failure, or after a time in which nothing could be served. */
export interface AgentRecovered extends Occurrence {
	readonly event: "agent.recovered";
	readonly revision: string;
}

/** Another artifact took the cell. */
export interface ArtifactRefreshed extends Occurrence {
	readonly event: "artifact.refreshed";
	readonly revision: string;
	/** Unknown in just-in-time mode, where nothing is decrypted yet. */
	readonly keyCount: number | undefined;
	readonly kmsEnvelope: boolean;
	readonly packedAt: string;
	readonly expiresAt: string | undefined;
}

/** The last-known-good artifact from disk took the cell: its source has not been asked yet. */
export interface ArtifactRestored extends Occurrence {
	readonly event: "artifact.restored";
	readonly revision: string;
	/** Unknown in just-in-time mode, where nothing is decrypted yet. */
	readonly keyCount: number | undefined;
	readonly kmsEnvelope: boolean;
	readonly packedAt: string;
	readonly expiresAt: string | undefined;
	/** When the source last vouched for it, epoch milliseconds. */
	readonly confirmedAt: number;
	readonly serving: Serving;
}

/** The kill switch was found; memory is empty. */
export interface ArtifactRevoked extends Occurrence {
	readonly event: "artifact.revoked";
	/** ISO-8601; undefined when the source gave no readable date. */
	readonly revokedAt: string | undefined;
	/** Whether nothing of it is left on disk; undefined when the agent keeps nothing there. */
	readonly diskCachePurged: boolean | undefined;
}

/** An artifact's own end has passed: of the one held, or of one that was refused for it. */
export interface ArtifactExpired extends Occurrence {
	readonly event: "artifact.expired";
	readonly revision: string | undefined;
	readonly expiresAt: string | undefined;
	/** What readers get now. */
	readonly serving: Serving;
}

/** An artifact was refused; what was held before is kept. */
export interface ArtifactInvalid extends Occurrence {
	readonly event: "artifact.invalid";
	readonly reason: InvalidReason;
	readonly code: ErrorCode;
	readonly error: string;
	readonly serving: Serving;
}

/** The source could not be read; what was held before is kept. */
export interface FetchFailed extends Occurrence {
	readonly event: "fetch.failed";
	readonly code: ErrorCode;
	readonly error: string;
	/** How long the source asked to be left alone. */
	readonly retryAfterMs: number | undefined;
	/** Whether a restart would find something on disk; undefined when the agent keeps nothing there. */
	readonly diskCacheAvailable: boolean | undefined;
	readonly serving: Serving;
}

/** No successful refresh within the TTL: readers get 503 until the source answers. */
export interface CacheExpired extends Occurrence {
	readonly event: "cache.expired";
	readonly cacheTtlSeconds: number;
	/** Whether a restart would find something on disk; undefined when the agent keeps nothing there. */
	readonly diskCacheAvailable: boolean | undefined;
}

/** A key or token was rotated to one that cannot be used; the one before it still works and stays in use. */
export interface CredentialFailed extends Occurrence {
	readonly event: "credential.failed";
	readonly code: ErrorCode;
	readonly error: string;
}

/** The last-known-good artifact cannot be read or written; the agent goes on without it. */
export interface DiskFailed extends Occurrence {
	readonly event: "disk.failed";
	readonly code: ErrorCode;
	readonly error: string;
}

/** The last-known-good artifact is on disk again. */
export interface DiskRecovered extends Occurrence {
	readonly event: "disk.recovered";
}

/** What is served at the moment of an event, and until when unless something changes. */
export interface Serving {
	readonly revision: string | undefined;
	/** Wall time in epoch milliseconds; undefined when nothing is served. */
	readonly untilMs: number | undefined;
}

/** Why an artifact was refused, as telemetry names it (contract §5). */
export type InvalidReason =
	| "json_parse"
	| "unsupported_version"
	| "missing_fields"
	| "invalid_shape"
	| "incomplete_envelope"
	| "integrity"
	| "signature_missing"
	| "signature_invalid"
	| "signature_error"
	| "subject"
	| "rollback"
	| "equivocation"
	| "future"
	| "kms_unwrap"
	| "decrypt"
	| "payload_parse";
