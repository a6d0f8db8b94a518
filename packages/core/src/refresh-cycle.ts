import {
	ArtifactError,
	parseArtifact,
	type Revocation,
	type VerificationPolicy,
	type VerifiedArtifact,
	verifyArtifact,
} from "@clef-sh/artifact";
import { type Instant, type SnapshotCache, unservable } from "@clef-sh/cache";
import { type Decryptor, letOthersRun } from "@clef-sh/decryptors";
import { type Source, SourceError, type SourceResult, type Validator } from "@clef-sh/sources";
import type { Clock } from "./clock.js";
import type { Disk } from "./disk.js";
import { type CodedError, isCodedError } from "./error-code.js";
import type { AgentMeasurement, RefreshFinished } from "./measurement.js";
import type { Mode } from "./mode.js";
import type { ServedSecrets } from "./open-secrets.js";
import { RefreshSteps } from "./refresh-steps.js";
import type { Reporter } from "./reporter.js";
import type { VerifyKeys } from "./verify-keys.js";

/** What one refresh did to the cell. */
export type RefreshOutcome =
	| { readonly kind: "replaced"; readonly revision: string }
	/** The source still has what is held. */
	| { readonly kind: "confirmed" }
	/** Something failed; what was held before is kept. */
	| { readonly kind: "kept"; readonly error: CodedError }
	| { readonly kind: "revoked" };

/** An outcome, and the validator to send next time. */
export interface CycleResult {
	readonly outcome: RefreshOutcome;
	readonly validator: Validator | undefined;
}

/** The parts that one cycle leads the bytes through, in the order in which it uses them. */
export interface CycleParts<T> {
	readonly source: Source;
	readonly decryptor: Pick<Decryptor, "credentialProblem">;
	readonly policy: VerificationPolicy;
	readonly verifyKeys: VerifyKeys;
	readonly mode: Mode<T>;
	readonly cache: SnapshotCache<T>;
	readonly disk: Disk;
	readonly clock: Clock;
	readonly reporter: Reporter<T>;
	readonly onMeasurement: (measurement: AgentMeasurement) => void;
}

/**
 * One whole refresh: read → parse → verify → prepare → replace. Never rejects, and changes nothing unless every
 * step before the last succeeded. An aborted signal makes a late result count for nothing.
 */
export async function runRefreshCycle<T>(
	parts: CycleParts<T>,
	validator: Validator | undefined,
	signal: AbortSignal,
): Promise<CycleResult> {
	// Freshness counts from before the read: the source vouches for that moment, however slow its answer is.
	const startedAt: Instant = { wallMs: parts.clock.now(), monotonicMs: parts.clock.monotonic() };
	const steps = new RefreshSteps(parts.clock);
	const result = await attempt(parts, validator, { signal, startedAt, steps });
	if (signal.aborted) return result;
	parts.reporter.credentials(credentialProblems(parts));
	parts.onMeasurement(finished(parts.clock, result.outcome, startedAt, steps));
	return result;
}

function finished(
	clock: Clock,
	outcome: RefreshOutcome,
	startedAt: Instant,
	steps: RefreshSteps,
): RefreshFinished {
	return {
		event: "refresh.finished",
		at: clock.now(),
		startedAt: startedAt.wallMs,
		durationMs: clock.monotonic() - startedAt.monotonicMs,
		outcome: outcome.kind,
		code: outcome.kind === "kept" ? outcome.error.code : undefined,
		steps: steps.taken,
	};
}

/** What belongs to one attempt. */
interface Attempt {
	readonly startedAt: Instant;
	readonly signal: AbortSignal;
	readonly steps: RefreshSteps;
}

async function attempt<T>(
	parts: CycleParts<T>,
	validator: Validator | undefined,
	within: Attempt,
): Promise<CycleResult> {
	// An unmodified answer must not vouch for what a key that is no longer trusted has signed.
	const usable = (await parts.verifyKeys.follow()) ? undefined : validator;
	try {
		const result = await follow(parts, usable, within);
		parts.reporter.refreshed();
		return result;
	} catch (cause) {
		const error = isCodedError(cause) ? cause : unexpected(cause);
		if (!within.signal.aborted) parts.reporter.refreshFailed(error);
		return { outcome: { kind: "kept", error }, validator: usable };
	}
}

function credentialProblems<T>({ decryptor, source, verifyKeys }: CycleParts<T>): readonly CodedError[] {
	return [source.credentialProblem, verifyKeys.problem, decryptor.credentialProblem].filter(
		(problem) => problem !== undefined,
	);
}

async function follow<T>(
	parts: CycleParts<T>,
	validator: Validator | undefined,
	within: Attempt,
): Promise<CycleResult> {
	const { cache, disk, source } = parts;
	const { signal, startedAt, steps } = within;
	const result = await steps.take("read", () => readSource(source, validator, signal));
	if (result.kind === "unmodified") {
		if (cache.current === undefined || validator === undefined) throw nothingToConfirm(source);
		cache.confirm(startedAt);
		await disk.confirm(startedAt.wallMs);
		return { outcome: { kind: "confirmed" }, validator };
	}
	const judged = await steps.take("verify", () => judge(parts, result.bytes));
	signal.throwIfAborted();
	if ("revocation" in judged) return revoke(parts, judged.revocation);
	const { artifact } = judged;
	const outcome = await take(parts, artifact, within);
	const { bytes, validator: next } = result;
	const { floor } = parts.policy;
	await disk.keep({ artifact, bytes, validator: next, confirmedAtMs: startedAt.wallMs, floor });
	return { outcome, validator: next };
}

async function readSource(
	source: Source,
	validator: Validator | undefined,
	signal: AbortSignal,
): Promise<SourceResult> {
	try {
		const result = await source.read(validator, signal);
		signal.throwIfAborted();
		return result;
	} catch (cause) {
		if (isCodedError(cause)) throw cause;
		throw new SourceError("SOURCE_UNREACHABLE", `Reading ${source.description} failed.`);
	}
}

function nothingToConfirm({ description }: Source): SourceError {
	return new SourceError(
		"SOURCE_BAD_RESPONSE",
		`${description} says that nothing has changed, but it was not asked for changes.`,
	);
}

/** Verification runs on every body that is no revocation. */
async function judge<T>(
	{ clock, policy }: CycleParts<T>,
	bytes: Uint8Array,
): Promise<{ readonly artifact: VerifiedArtifact } | { readonly revocation: Revocation }> {
	await letOthersRun(bytes);
	const parsed = parseArtifact(bytes);
	if (parsed.kind === "revocation") return { revocation: parsed };
	await letOthersRun(bytes);
	return { artifact: verifyArtifact(parsed, policy, clock.now()) };
}

/** Only the decryption of bytes already held is spared. */
async function take<T>(
	parts: CycleParts<T>,
	artifact: VerifiedArtifact,
	{ signal, startedAt, steps }: Attempt,
): Promise<RefreshOutcome> {
	const { cache, clock, mode, policy, reporter } = parts;
	if (isHeld(cache, artifact)) {
		// Perhaps signed anew, by a key that has no floor yet.
		policy.floor.raise(artifact);
		cache.confirm(startedAt);
		return { kind: "confirmed" };
	}
	const now = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
	const holdsGood = unservable(cache, mode.staleAfterMs, now) === undefined;
	const decrypt = () => steps.take("decrypt", () => mode.decrypt(artifact, signal));
	const content = await prepare(mode, artifact, signal, { decrypt, mustOpen: holdsGood });
	policy.floor.raise(artifact);
	cache.replace({ artifact, content, confirmedAt: startedAt });
	reporter.replaced(artifact, mode.keyCount(content));
	return { kind: "replaced", revision: artifact.header.revision };
}

/** What {@link Mode.prepare} makes, unless the agent was closed meanwhile: that is then wiped at once. */
export async function prepare<T>(
	mode: Mode<T>,
	artifact: VerifiedArtifact,
	signal: AbortSignal,
	{ decrypt, mustOpen }: { readonly decrypt?: () => Promise<ServedSecrets>; readonly mustOpen: boolean },
): Promise<T> {
	const content = await mode.prepare(artifact, decrypt ?? (() => mode.decrypt(artifact, signal)), mustOpen);
	if (signal.aborted) mode.release(content);
	signal.throwIfAborted();
	return content;
}

/** The digest covers every signed field and, through the ciphertext's hash, the bytes that were decrypted. */
function isHeld<T>(cache: SnapshotCache<T>, artifact: VerifiedArtifact): boolean {
	return cache.current?.artifact.payloadDigest === artifact.payloadDigest;
}

/** Memory goes first, whatever else is wrong with the body that carried the kill switch. */
async function revoke<T>(
	{ cache, clock, disk, policy, reporter }: CycleParts<T>,
	revocation: Revocation,
): Promise<CycleResult> {
	const isNews = cache.emptyReason !== "revoked" || cache.current !== undefined;
	const held = cache.current?.artifact;
	cache.clear("revoked");
	policy.floor.revoke(revocation, clock.now(), held);
	const purged = await disk.revoke(policy.floor);
	if (isNews) reporter.revoked(revocation, purged);
	return { outcome: { kind: "revoked" }, validator: undefined };
}

function unexpected(cause: unknown): CodedError {
	return new ArtifactError("ARTIFACT_MALFORMED", "The artifact could not be processed.", { cause });
}
