import { FUTURE_TOLERANCE_MS, parseArtifact, verifyArtifact } from "@clef-sh/artifact";
import { CacheError, type DecodedRecord, type Instant } from "@clef-sh/cache";
import { DecryptError } from "@clef-sh/decryptors";
import { isCodedError } from "./error-code.js";
import { type CycleParts, prepare } from "./refresh-cycle.js";
import type { Prelude } from "./refresher.js";

/**
 * Begins with what an earlier process left on disk: the trust floor, the revocation, and the artifact, which goes
 * through parse and verify like any other bytes and is as old as its last confirmation by the source.
 *
 * Resolves with the validator that belongs to what is held now, and whether a KMS that does not answer is all that is
 * wrong. Never rejects.
 */
export async function restore<T>(parts: CycleParts<T>, signal: AbortSignal): Promise<Prelude> {
	const { cache, disk, policy, reporter } = parts;
	const record = await disk.load();
	if (record === undefined || signal.aborted) return NOTHING;
	policy.floor.merge(record.floor);
	const { bytes, confirmedAtMs } = record;
	if (bytes === undefined) {
		cache.clear("revoked");
		reporter.revoked({ ...record.floor }, true);
		return NOTHING;
	}
	try {
		await take(parts, { ...record, bytes, confirmedAtMs: assertConfirmed(confirmedAtMs) }, signal);
		return { validator: record.validator, mayFindMore: false };
	} catch (error) {
		if (!signal.aborted) disk.reject(unusable(error));
		return { ...NOTHING, mayFindMore: error instanceof DecryptError && error.retryable };
	}
}

const NOTHING: Prelude = { validator: undefined, mayFindMore: false };

type UsableRecord = DecodedRecord & { readonly bytes: Uint8Array; readonly confirmedAtMs: number };

async function take<T>(parts: CycleParts<T>, record: UsableRecord, signal: AbortSignal): Promise<void> {
	const { cache, clock, disk, mode, policy, reporter } = parts;
	const { bytes, confirmedAtMs, validator } = record;
	const parsed = parseArtifact(bytes);
	if (parsed.kind === "revocation") throw new CacheError("CACHE_UNREADABLE", "It is no artifact.");
	const artifact = verifyArtifact(parsed, policy, clock.now());
	const content = await prepare(mode, artifact, signal, { mustOpen: false });
	const { floor } = policy;
	floor.raise(artifact);
	const now = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
	cache.replace({ artifact, content, confirmedAt: confirmedAt(confirmedAtMs, now, mode.staleAfterMs) });
	disk.adopt({ artifact, bytes, validator, confirmedAtMs, floor }, record);
	reporter.restored(artifact, mode.keyCount(content), confirmedAtMs);
}

/** The age that the wall clocks of both processes say; a confirmation from the future is worth nothing. */
function confirmedAt(wallMs: number, now: Instant, staleAfterMs: number): Instant {
	const ageMs = wallMs > now.wallMs + FUTURE_TOLERANCE_MS ? staleAfterMs : Math.max(0, now.wallMs - wallMs);
	return { wallMs, monotonicMs: now.monotonicMs - ageMs };
}

function assertConfirmed(confirmedAtMs: number | undefined): number {
	if (confirmedAtMs !== undefined) return confirmedAtMs;
	throw new CacheError("CACHE_UNREADABLE", "Nothing says when its source last had it.");
}

function unusable(error: unknown): CacheError {
	const reason = isCodedError(error) ? error.message : "It could not be processed.";
	return new CacheError("CACHE_UNREADABLE", `The last-known-good artifact is not used. ${reason}`, {
		cause: error,
	});
}
