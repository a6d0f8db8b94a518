import { CacheError, type CacheErrorCode, type Unservable } from "./cache-error.js";
import type { Instant, Snapshot } from "./snapshot.js";
import type { SnapshotCache } from "./snapshot-cache.js";

/**
 * Why the cell may not be served now, or undefined when it may.
 *
 * Expiry is judged here, at every read and by the caller's own clock, so that nothing a source answers can
 * keep an expired artifact alive. `staleAfterMs` bounds the time since the source last vouched for it.
 */
export function unservable<T>(
	cache: SnapshotCache<T>,
	staleAfterMs: number,
	now: Instant,
): Unservable | undefined {
	const snapshot = cache.current;
	if (snapshot === undefined) return cache.emptyReason;
	if (isExpired(snapshot, now)) return "artifact_expired";
	if (ageMs(snapshot, now) >= staleAfterMs) return "cache_expired";
	return undefined;
}

/** The snapshot held, or a {@link CacheError} with the reason why it may not be served. */
export function assertServable<T>(cache: SnapshotCache<T>, staleAfterMs: number, now: Instant): Snapshot<T> {
	const reason = unservable(cache, staleAfterMs, now);
	const snapshot = cache.current;
	if (reason === undefined && snapshot !== undefined) return snapshot;
	throw refusal(reason ?? cache.emptyReason);
}

/** Whether the artifact's own end has passed; one without an end never expires. */
export function isExpired(snapshot: Snapshot<unknown>, now: Instant): boolean {
	const { expiresAtMs } = snapshot.artifact.header;
	return expiresAtMs !== undefined && now.wallMs >= expiresAtMs;
}

/** Milliseconds since the source last vouched for the snapshot, by the monotonic clock. */
export function ageMs(snapshot: Snapshot<unknown>, now: Instant): number {
	return now.monotonicMs - snapshot.confirmedAt.monotonicMs;
}

const REFUSALS: Record<Unservable, readonly [CacheErrorCode, string]> = {
	not_loaded: ["AGENT_NOT_READY", "No secrets have been loaded yet; GET /v1/health tells the last error."],
	cache_expired: [
		"AGENT_NOT_FRESH",
		"The source has not confirmed the secrets within the cache TTL; they are served again once it answers.",
	],
	artifact_expired: ["ARTIFACT_EXPIRED", "The artifact's expiresAt has passed; pack a new one."],
	revoked: ["ARTIFACT_REVOKED", "The artifact was revoked; pack a new one to serve again."],
};

function refusal(reason: Unservable): CacheError {
	const [code, message] = REFUSALS[reason];
	return new CacheError(code, message, { reason });
}
