import type { Secrets, VerificationPolicy, VerifiedArtifact } from "@clef-sh/artifact";
import {
	type ArtifactFile,
	ageMs,
	assertServable,
	type Instant,
	isExpired,
	type Snapshot,
	SnapshotCache,
	unservable,
} from "@clef-sh/cache";
import type { Decryptor } from "@clef-sh/decryptors";
import { type Source, SourceError, type Watch } from "@clef-sh/sources";
import type { Agent, AgentStatus } from "./agent.js";
import { AgentError } from "./agent-error.js";
import type { Clock } from "./clock.js";
import { Disk } from "./disk.js";
import { isCodedError } from "./error-code.js";
import type { AgentEvent } from "./event.js";
import type { AgentMeasurement } from "./measurement.js";
import type { Mode, ModeName } from "./mode.js";
import { type OpenSecrets, ServedSecrets } from "./open-secrets.js";
import { type RefreshOutcome, runRefreshCycle } from "./refresh-cycle.js";
import { type Pause, Refresher } from "./refresher.js";
import { Reporter } from "./reporter.js";
import { restore } from "./restore.js";
import { nextRefreshDelayMs } from "./schedule.js";
import type { VerifyKeys } from "./verify-keys.js";

/** What an agent is made of, each part already valid. */
export interface AgentParts<T> {
	readonly source: Source;
	/** Who may report trouble with a rotated key. */
	readonly decryptor: Pick<Decryptor, "credentialProblem">;
	readonly policy: VerificationPolicy;
	/** The keys of the policy, as they are now. */
	readonly verifyKeys: VerifyKeys;
	readonly mode: Mode<T>;
	readonly clock: Clock;
	/** Uniform in [0, 1). */
	readonly random: () => number;
	readonly onEvent: (event: AgentEvent) => void;
	readonly onMeasurement: (measurement: AgentMeasurement) => void;
	/** Where the last-known-good artifact is kept, if anywhere. */
	readonly artifactFile?: ArtifactFile;
}

/** How long readers leave a source alone after it failed, unless it asked for longer. */
const READER_PAUSE_MS = 1_000;

/** The one implementation of {@link Agent}: the cell, the loop and the reporter, wired. */
export class LiveAgent<T> implements Agent {
	readonly #parts: AgentParts<T>;
	readonly #cache: SnapshotCache<T>;
	readonly #reporter: Reporter<T>;
	readonly #refresher: Refresher;
	#watch: Watch | undefined;

	constructor(parts: AgentParts<T>) {
		const { clock, mode, source } = parts;
		const cache = new SnapshotCache<T>(mode.release);
		const reporter = new Reporter(parts.onEvent, clock, cache, mode);
		this.#parts = parts;
		this.#cache = cache;
		this.#reporter = reporter;
		const disk = new Disk(parts.artifactFile, clock, reporter);
		const cycleParts = { ...parts, cache, disk, reporter };
		this.#refresher = new Refresher({
			clock,
			prelude: (signal) => restore(cycleParts, signal),
			cycle: (validator, signal) => runRefreshCycle(cycleParts, validator, signal),
			pause: (outcome, failures, isFirst) => this.#pause(outcome, failures, isFirst),
			observe: () => reporter.observe(),
		});
		reporter.started(source);
	}

	get mode(): ModeName {
		return this.#parts.mode.name;
	}

	/** Begins to follow the source; the promise is the first refresh. */
	start(): Promise<RefreshOutcome> {
		this.#watch = this.#parts.source.watch?.(() => this.#refresher.sourceChanged());
		return this.#refresher.refresh();
	}

	secrets(): Secrets {
		const { content } = this.#servable();
		if (content instanceof ServedSecrets) return content.secrets;
		throw new AgentError(["secrets() is for cached mode; in just-in-time mode use await agent.open()."]);
	}

	openNow(): OpenSecrets | undefined {
		const content = this.#unservable() === undefined ? this.#cache.current?.content : undefined;
		return content instanceof ServedSecrets ? content : undefined;
	}

	async open(): Promise<OpenSecrets> {
		if (this.#unservable() !== undefined) await this.#tryToServe();
		const { artifact, content } = this.#servable();
		const opened = this.#parts.mode.open(content, this.#refresher.signal);
		if (opened instanceof ServedSecrets) return opened;
		const served = await this.#settled(opened, artifact);
		// While it was being decrypted it may have been replaced, have been revoked or have expired.
		if (served === undefined || this.#servable().artifact !== artifact) return this.open();
		this.#reporter.opened();
		return served;
	}

	refresh(): Promise<RefreshOutcome> {
		return this.#refresher.refresh();
	}

	refreshAnew(): Promise<RefreshOutcome> {
		return this.#refresher.refreshAnew();
	}

	refreshIfDue(): Promise<RefreshOutcome> | undefined {
		return this.#refresher.refreshIfDue();
	}

	resumed(): Promise<RefreshOutcome> | undefined {
		return this.#refresher.resumed();
	}

	sourceChanged(): void {
		this.#refresher.sourceChanged();
	}

	status(): AgentStatus {
		this.#reporter.observe();
		const snapshot = this.#cache.current;
		return {
			state: this.#unservable() ?? "ready",
			mode: this.mode,
			revision: snapshot?.artifact.header.revision ?? null,
			lastRefreshAt: snapshot?.confirmedAt.wallMs ?? null,
			ageMs: snapshot === undefined ? null : ageMs(snapshot, this.#now()),
			expiresAt: snapshot?.artifact.header.expiresAtMs ?? null,
			expired: snapshot !== undefined && isExpired(snapshot, this.#now()),
			lastError: this.#reporter.lastError ?? null,
		};
	}

	async close(): Promise<void> {
		if (this.#refresher.signal.aborted) return;
		this.#watch?.close();
		this.#refresher.stop();
		this.#cache.clear("not_loaded");
		this.#reporter.stopped();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	async #tryToServe(): Promise<void> {
		if (this.#unservable() === "cache_expired") await this.#refresher.refreshForReader();
		if (this.#unservable() !== undefined) this.#reporter.observe();
	}

	#servable(): Snapshot<T> {
		return assertServable(this.#cache, this.#parts.mode.staleAfterMs, this.#now());
	}

	#unservable(): ReturnType<typeof unservable> {
		return unservable(this.#cache, this.#parts.mode.staleAfterMs, this.#now());
	}

	#now(): Instant {
		const { clock } = this.#parts;
		return { wallMs: clock.now(), monotonicMs: clock.monotonic() };
	}

	/** Undefined when it failed for an artifact that is not held any more, which is no failure. */
	async #settled(
		opening: Promise<ServedSecrets>,
		artifact: VerifiedArtifact,
	): Promise<ServedSecrets | undefined> {
		try {
			return await opening;
		} catch (error) {
			if (this.#cache.current?.artifact !== artifact) return undefined;
			if (isCodedError(error)) this.#reporter.openFailed(error);
			throw error;
		}
	}

	#pause(outcome: RefreshOutcome, failures: number, isFirst: boolean): Pause {
		const { clock, mode, random } = this.#parts;
		const snapshot = this.#cache.current;
		const expiresAtMs = snapshot?.artifact.header.expiresAtMs;
		const retryAfterMs =
			outcome.kind === "kept" && outcome.error instanceof SourceError
				? outcome.error.retryAfterMs
				: undefined;
		const delayMs = nextRefreshDelayMs({
			failures,
			isFirst,
			pollMs: mode.pollMs,
			backoffCapMs: mode.staleAfterMs,
			retryAfterMs,
			untilExpiryMs: expiresAtMs === undefined ? undefined : expiresAtMs - clock.now(),
			untilStaleMs:
				snapshot === undefined
					? undefined
					: snapshot.confirmedAt.monotonicMs + mode.staleAfterMs - clock.monotonic(),
			random,
		});
		const isAsked = retryAfterMs !== undefined;
		if (failures === 0) return { delayMs, quietMs: 0, isAsked };
		return { delayMs, quietMs: isAsked ? delayMs : Math.min(delayMs, READER_PAUSE_MS), isAsked };
	}
}
