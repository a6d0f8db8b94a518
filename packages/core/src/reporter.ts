import { ArtifactError, type Revocation, type VerifiedArtifact } from "@clef-sh/artifact";
import { type SnapshotCache, type Unservable, unservable } from "@clef-sh/cache";
import { DecryptError } from "@clef-sh/decryptors";
import { type Source, SourceError } from "@clef-sh/sources";
import type { Clock } from "./clock.js";
import type { CodedError, ErrorCode } from "./error-code.js";
import type { AgentEvent, Serving } from "./event.js";
import { invalidReason } from "./invalid-reason.js";
import type { Mode } from "./mode.js";

/** The last failure that nothing has shown to be over. */
export interface LastError {
	readonly code: ErrorCode;
	/** Wall time, epoch milliseconds. */
	readonly at: number;
}

/** Turns what happens into events, and notices what time alone has changed. */
export class Reporter<T> {
	readonly #sink: (event: AgentEvent) => void;
	readonly #clock: Clock;
	readonly #cache: SnapshotCache<T>;
	readonly #mode: Mode<T>;
	readonly #startedAtMs: number;
	#seen: Unservable | "ready" = "not_loaded";
	#isTroubled = false;
	#refreshFailure: LastError | undefined;
	#openFailure: LastError | undefined;
	/** Readers that share a decryption fail with the same object, which is one failure. */
	#openError: CodedError | undefined;
	/** Undefined when nothing is kept on disk. */
	#diskHolds: boolean | undefined;
	#diskTrouble: string | undefined;
	#credentialTrouble: readonly string[] = [];

	constructor(sink: (event: AgentEvent) => void, clock: Clock, cache: SnapshotCache<T>, mode: Mode<T>) {
		this.#sink = sink;
		this.#clock = clock;
		this.#cache = cache;
		this.#mode = mode;
		this.#startedAtMs = clock.monotonic();
	}

	/**
	 * The latest failure that has not been followed by a success of its kind: that the source answers does not
	 * mean that what it delivered can be decrypted.
	 */
	get lastError(): LastError | undefined {
		const [refresh, open] = [this.#refreshFailure, this.#openFailure];
		if (refresh === undefined || open === undefined) return refresh ?? open;
		return open.at > refresh.at ? open : refresh;
	}

	started(source: Source): void {
		const { description, type: sourceType } = source;
		this.#sink({
			event: "agent.started",
			at: this.#now,
			mode: this.#mode.name,
			sourceType,
			source: description,
		});
	}

	stopped(): void {
		const uptimeSeconds = Math.round((this.#clock.monotonic() - this.#startedAtMs) / 1000);
		this.#sink({ event: "agent.stopped", at: this.#now, uptimeSeconds });
	}

	replaced(artifact: VerifiedArtifact, keyCount: number | undefined): void {
		const { revision, packedAt, expiresAt } = artifact.header;
		const kmsEnvelope = artifact.encryption.kind === "kms";
		const at = this.#now;
		this.#sink({ event: "artifact.refreshed", at, revision, keyCount, kmsEnvelope, packedAt, expiresAt });
	}

	/** The last-known-good artifact of an earlier process took the cell. */
	restored(artifact: VerifiedArtifact, keyCount: number | undefined, confirmedAt: number): void {
		const { revision, packedAt, expiresAt } = artifact.header;
		this.#sink({
			event: "artifact.restored",
			at: this.#now,
			revision,
			keyCount,
			kmsEnvelope: artifact.encryption.kind === "kms",
			packedAt,
			expiresAt,
			confirmedAt,
			serving: this.#serving(),
		});
	}

	/** `purged` is undefined when nothing is kept on disk. */
	revoked({ revokedAtMs }: Pick<Revocation, "revokedAtMs">, purged: boolean | undefined): void {
		const revokedAt = revokedAtMs === undefined ? undefined : new Date(revokedAtMs).toISOString();
		this.#seen = "revoked";
		this.#isTroubled = true;
		this.#sink({ event: "artifact.revoked", at: this.#now, revokedAt, diskCachePurged: purged });
	}

	/** The disk does what it should, and holds an artifact or does not. */
	diskWorks(holds: boolean): void {
		this.#diskHolds = holds;
		if (this.#diskTrouble === undefined) return;
		this.#diskTrouble = undefined;
		this.#sink({ event: "disk.recovered", at: this.#now });
	}

	/** All that is wrong with rotated keys and tokens now; each is said once for as long as it stays. */
	credentials(problems: readonly CodedError[]): void {
		const said = this.#credentialTrouble;
		this.#credentialTrouble = problems.map(({ message }) => message);
		for (const { code, message } of problems) {
			if (said.includes(message)) continue;
			this.#sink({ event: "credential.failed", at: this.#now, code, error: message });
		}
	}

	/** Said once for as long as the trouble stays the same. */
	diskFailed({ code, message }: CodedError): void {
		this.#diskHolds = false;
		if (message === this.#diskTrouble) return;
		this.#diskTrouble = message;
		this.#sink({ event: "disk.failed", at: this.#now, code, error: message });
	}

	/** A refresh failed. */
	refreshFailed(error: CodedError): void {
		this.#refreshFailure = { code: error.code, at: this.#now };
		this.#failed(error);
	}

	/** A refresh succeeded; where opening takes a decryption, that may still fail. */
	refreshed(): void {
		this.#refreshFailure = undefined;
	}

	/** A decryption for readers failed. */
	openFailed(error: CodedError): void {
		if (error === this.#openError) return;
		this.#openError = error;
		this.#openFailure = { code: error.code, at: this.#now };
		this.#failed(error);
	}

	/** A decryption for readers succeeded. */
	opened(): void {
		if (this.#openFailure === undefined) return;
		this.#openError = undefined;
		this.#openFailure = undefined;
		this.observe();
	}

	#failed(error: CodedError): void {
		const at = this.#now;
		const { code, message } = error;
		this.#isTroubled = true;
		const serving = this.#serving();
		if (error instanceof SourceError) {
			const { retryAfterMs } = error;
			this.#sink({
				event: "fetch.failed",
				at,
				code,
				error: message,
				retryAfterMs,
				diskCacheAvailable: this.#diskHolds,
				serving,
			});
		} else if (error.code === "ARTIFACT_EXPIRED") {
			this.#sink({ event: "artifact.expired", at, revision: undefined, expiresAt: undefined, serving });
		} else if (error instanceof ArtifactError || error instanceof DecryptError) {
			const reason = invalidReason(error);
			this.#sink({ event: "artifact.invalid", at, reason, code, error: message, serving });
		}
	}

	/** Tells the sink what has changed since the last look: no longer servable, or free of trouble again. */
	observe(): void {
		const now = { wallMs: this.#now, monotonicMs: this.#clock.monotonic() };
		const seen = unservable(this.#cache, this.#mode.staleAfterMs, now) ?? "ready";
		const header = this.#cache.current?.artifact.header;
		if (seen === "ready") this.#recover(now.wallMs, header?.revision);
		if (seen === this.#seen) return;
		this.#seen = seen;
		this.#isTroubled ||= seen !== "ready";
		if (seen === "artifact_expired") {
			const { revision, expiresAt } = header ?? { revision: undefined, expiresAt: undefined };
			this.#sink({
				event: "artifact.expired",
				at: now.wallMs,
				revision,
				expiresAt,
				serving: this.#serving(),
			});
		} else if (seen === "cache_expired") {
			const cacheTtlSeconds = this.#mode.staleAfterMs / 1000;
			this.#sink({
				event: "cache.expired",
				at: now.wallMs,
				cacheTtlSeconds,
				diskCacheAvailable: this.#diskHolds,
			});
		}
	}

	#recover(at: number, revision: string | undefined): void {
		if (!this.#isTroubled || this.lastError !== undefined || revision === undefined) return;
		this.#isTroubled = false;
		this.#sink({ event: "agent.recovered", at, revision });
	}

	get #now(): number {
		return this.#clock.now();
	}

	#serving(): Serving {
		const now = { wallMs: this.#now, monotonicMs: this.#clock.monotonic() };
		const snapshot = this.#cache.current;
		if (snapshot === undefined || unservable(this.#cache, this.#mode.staleAfterMs, now) !== undefined) {
			return { revision: undefined, untilMs: undefined };
		}
		const { revision, expiresAtMs } = snapshot.artifact.header;
		const ageMs = now.monotonicMs - snapshot.confirmedAt.monotonicMs;
		const staleAtMs = now.wallMs + this.#mode.staleAfterMs - ageMs;
		return { revision, untilMs: Math.min(staleAtMs, expiresAtMs ?? Number.POSITIVE_INFINITY) };
	}
}
