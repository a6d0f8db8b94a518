import type { TrustFloor } from "@clef-sh/artifact";
import { type ArtifactFile, CacheError, type DecodedRecord, type KeptArtifact } from "@clef-sh/cache";
import type { Clock } from "./clock.js";
import { type CodedError, isCodedError } from "./error-code.js";

/** Who hears of the disk's health. */
export interface DiskReporter {
	diskWorks(holds: boolean): void;
	diskFailed(error: CodedError): void;
}

/** How long a refresh waits for the disk: one that hangs must cost neither readers nor the loop. */
const DEADLINE_MS = 2_000;

/**
 * The last-known-good artifact as the agent sees it: kept up to date where that works, and never in the way where it
 * does not. No method rejects.
 */
export class Disk {
	readonly #file: ArtifactFile | undefined;
	readonly #clock: Clock;
	readonly #reporter: DiskReporter;
	#kept: KeptArtifact | undefined;
	/** Only the latest is worth writing when several have come while the disk was busy. */
	#latest: (() => Promise<void>) | undefined;
	#isBusy = false;
	/** Those who wait, within their deadline, until the disk has nothing to do; none is left behind while it hangs. */
	readonly #waiting = new Set<() => void>();

	/** Without a file every method does nothing. */
	constructor(file: ArtifactFile | undefined, clock: Clock, reporter: DiskReporter) {
		this.#file = file;
		this.#clock = clock;
		this.#reporter = reporter;
	}

	/** What an earlier process has left, if it can be read. */
	async load(): Promise<DecodedRecord | undefined> {
		const file = this.#file;
		let record: DecodedRecord | undefined;
		if (file === undefined) return undefined;
		await this.#perform(async () => {
			record = await file.load();
		});
		return record;
	}

	/** What was loaded has been verified again and is in use. */
	adopt(kept: KeptArtifact, record: DecodedRecord): void {
		this.#kept = kept;
		this.#file?.adopt(kept, record);
		this.#reporter.diskWorks(true);
	}

	/** What was loaded cannot be used; `error` says why. */
	reject(error: CodedError): void {
		this.#reporter.diskFailed(error);
	}

	/** This is what is held now. */
	async keep(kept: KeptArtifact): Promise<void> {
		const file = this.#file;
		if (file === undefined) return;
		this.#kept = kept;
		await this.#perform(async () => {
			await file.save(kept);
			this.#reporter.diskWorks(true);
		});
	}

	/** The source vouched at this wall time for what was kept last. */
	async confirm(confirmedAtMs: number): Promise<void> {
		if (this.#kept !== undefined) await this.keep({ ...this.#kept, confirmedAtMs });
	}

	/** Takes the artifact away; resolves with whether it is gone, undefined when nothing is kept on disk. */
	async revoke(floor: TrustFloor): Promise<boolean | undefined> {
		const file = this.#file;
		if (file === undefined) return undefined;
		this.#kept = undefined;
		let purged = false;
		await this.#perform(async () => {
			const outcome = await file.revoke(floor);
			purged = true;
			if (outcome === "recorded") this.#reporter.diskWorks(false);
			else this.#reporter.diskFailed(notRecorded());
		});
		return purged;
	}

	#perform(task: () => Promise<void>): Promise<void> {
		this.#latest = task;
		return new Promise((resolve) => {
			const done = () => {
				cancel();
				resolve();
			};
			const cancel = this.#clock.setTimeout(() => {
				this.#waiting.delete(done);
				this.#reporter.diskFailed(notAnswering());
				resolve();
			}, DEADLINE_MS);
			this.#waiting.add(done);
			if (!this.#isBusy) void this.#drain();
		});
	}

	async #drain(): Promise<void> {
		this.#isBusy = true;
		while (this.#latest !== undefined) {
			const task = this.#latest;
			this.#latest = undefined;
			try {
				await task();
			} catch (error) {
				this.#reporter.diskFailed(isCodedError(error) ? error : unexpected(error));
			}
		}
		// In the same turn in which nothing was left: a task that comes later would find nobody to do it.
		this.#isBusy = false;
		for (const done of this.#waiting) done();
		this.#waiting.clear();
	}
}

function notRecorded(): CacheError {
	return new CacheError(
		"CACHE_UNWRITABLE",
		"The revoked artifact is removed from disk, but the revocation cannot be written there; a restart relies on the source to repeat it.",
	);
}

function notAnswering(): CacheError {
	return new CacheError(
		"CACHE_UNWRITABLE",
		`The cache directory does not answer within ${DEADLINE_MS / 1000} s; the agent goes on without it.`,
	);
}

function unexpected(cause: unknown): CacheError {
	return new CacheError("CACHE_UNWRITABLE", "The cache directory failed unexpectedly.", { cause });
}
