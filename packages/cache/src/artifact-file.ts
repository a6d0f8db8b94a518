import { join } from "node:path";
import { TrustFloor, type VerifiedArtifact } from "@clef-sh/artifact";
import {
	type ArtifactRecord,
	type DecodedRecord,
	decodeRecord,
	encodeConfirmation,
	encodeRecord,
	RECORD_HEAD_BYTES,
	type RecordExtent,
	recordDigest,
	type StoredValidator,
} from "./artifact-record.js";
import { CacheError } from "./cache-error.js";
import type { CacheFiles } from "./cache-files.js";
import { assurePrivateDirectory } from "./private-directory.js";
import { appendTo, clearLeftovers, readWhole, writeWhole } from "./private-file.js";
import { type RecordSubject, recordName } from "./record-name.js";

/** Where the record is kept, and by what means. */
export interface ArtifactFileParts extends RecordSubject {
	/** Made if it does not exist; the record lies in a folder `clef-agent` of its own in it. */
	readonly directory: string;
	readonly files: CacheFiles;
	/** The user that the process runs as; undefined where users have no numbers. */
	readonly uid: number | undefined;
	/** Hexadecimal text that no other process comes to, for the names of temporary files. */
	readonly uniqueName: () => string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A verified artifact with all that belongs to it on disk; the bytes are those it was verified from. */
export interface KeptArtifact {
	readonly artifact: VerifiedArtifact;
	readonly bytes: Uint8Array;
	readonly validator: StoredValidator | undefined;
	readonly confirmedAtMs: number;
	readonly floor: TrustFloor;
}

/** Appended confirmations after which the record is written anew, so that it does not grow for ever. */
const MOST_CONFIRMATIONS = 1_000;

/**
 * The last-known-good artifact on disk: encrypted bytes, written only after verification, and to be verified again
 * when they are read back. Calls must not overlap.
 *
 * Several agents may share it: what is written never falls below the floor that is there already.
 */
export class ArtifactFile {
	readonly #parts: ArtifactFileParts;
	readonly #directory: string;
	readonly #path: string;
	/** What was to be written last; undefined before the first save. */
	#kept: KeptArtifact | undefined;
	/** The record that holds exactly that; undefined when the disk may hold something else. */
	#written: RecordExtent | undefined;
	#confirmations = 0;

	constructor(parts: ArtifactFileParts) {
		this.#parts = parts;
		this.#directory = join(parts.directory, "clef-agent");
		this.#path = join(this.#directory, recordName(parts));
	}

	/** The record as it lies there, undefined without one; rejects with `CACHE_UNREADABLE` when it cannot be used. */
	async load(): Promise<DecodedRecord | undefined> {
		const { files, now, uid } = this.#parts;
		try {
			await assurePrivateDirectory(this.#directory, files, uid);
			await clearLeftovers(this.#path, files, now());
			return await this.#read();
		} catch (cause) {
			throw unreadable(this.#path, cause);
		}
	}

	/** What was loaded has been verified again and is in use: later confirmations belong to it. */
	adopt(kept: KeptArtifact, { extent }: DecodedRecord): void {
		this.#kept = kept;
		this.#written = extent;
	}

	/**
	 * Makes this the record, unless a newer one is there; costs one appended line when only `confirmedAtMs` has
	 * changed. Rejects with `CACHE_UNWRITABLE`; the next call then starts afresh.
	 */
	async save(kept: KeptArtifact): Promise<void> {
		const isKnown = this.#kept !== undefined && isSame(this.#kept, kept);
		this.#kept = kept;
		if (!isKnown || !(await this.#append(kept.confirmedAtMs))) await this.#write(kept);
	}

	/**
	 * Replaces the record by one that holds nothing but the floor; where that fails, removes it. Resolves with
	 * `removed` when a restart will not know of the revocation, and rejects with `CACHE_UNWRITABLE` when the bytes
	 * may still be there.
	 */
	async revoke(floor: TrustFloor): Promise<"recorded" | "removed"> {
		this.#kept = undefined;
		this.#written = undefined;
		try {
			const there = await this.#readForMerge();
			const record = { bytes: undefined, validator: undefined, floor: higher(floor, there).state() };
			// The source repeats a revocation at every poll; the disk need not.
			if (encodeRecord(record).extent.digest !== there?.extent.digest) await this.#replace(record);
			return "recorded";
		} catch (cause) {
			await this.#remove(cause);
			return "removed";
		}
	}

	async #read(): Promise<DecodedRecord | undefined> {
		const { files, uid } = this.#parts;
		const data = await readWhole(this.#path, files, uid);
		if (data === undefined) return undefined;
		const record = decodeRecord(data);
		if (record === undefined) throw new CacheError("CACHE_UNREADABLE", "it is damaged");
		return record;
	}

	/** False when the disk holds another record than the one that was written last. */
	async #append(confirmedAtMs: number): Promise<boolean> {
		const { files, uid } = this.#parts;
		const written = this.#written;
		if (written === undefined || this.#confirmations >= MOST_CONFIRMATIONS) return false;
		const line = encodeConfirmation(written.digest, confirmedAtMs);
		const appended = await appendTo(this.#path, line, files, uid, {
			headBytes: RECORD_HEAD_BYTES,
			isOurs: (head, size) => size >= written.bytes && recordDigest(head) === written.digest,
		});
		if (appended) this.#confirmations += 1;
		return appended;
	}

	async #write(kept: KeptArtifact): Promise<void> {
		this.#written = undefined;
		try {
			const there = await this.#readForMerge();
			const floor = higher(kept.floor, there);
			if (!floor.admits(kept.artifact)) return;
			const { bytes, validator, confirmedAtMs } = kept;
			this.#written = await this.#replace({ bytes, validator, floor: floor.state() }, confirmedAtMs);
			this.#confirmations = 0;
		} catch (cause) {
			throw unwritable(this.#path, cause);
		}
	}

	/** A record that cannot be read holds nothing that could be lost by writing over it. */
	async #readForMerge(): Promise<DecodedRecord | undefined> {
		try {
			return await this.#read();
		} catch {
			return undefined;
		}
	}

	async #replace(record: ArtifactRecord, confirmedAtMs?: number): Promise<RecordExtent> {
		const { files, uid, uniqueName } = this.#parts;
		await assurePrivateDirectory(this.#directory, files, uid);
		const { data, extent } = encodeRecord(record);
		const confirmation = confirmedAtMs === undefined ? "" : encodeConfirmation(extent.digest, confirmedAtMs);
		await writeWhole(this.#path, Buffer.concat([data, Buffer.from(confirmation)]), files, uniqueName());
		return extent;
	}

	async #remove(reason: unknown): Promise<void> {
		try {
			await this.#parts.files.unlink(this.#path);
		} catch (cause) {
			if (systemCode(cause) !== "ENOENT") throw unwritable(this.#path, reason);
		}
	}
}

/** A floor that lets nothing through which one of the two refuses. */
function higher(floor: TrustFloor, there: ArtifactRecord | undefined): TrustFloor {
	const both = new TrustFloor();
	if (there !== undefined) both.merge(there.floor);
	both.merge(floor.state());
	return both;
}

/** Whether the disk needs no more than a later confirmation. */
function isSame(a: KeptArtifact, b: KeptArtifact): boolean {
	return (
		a.artifact.payloadDigest === b.artifact.payloadDigest &&
		a.validator?.etag === b.validator?.etag &&
		a.validator?.lastModified === b.validator?.lastModified &&
		Buffer.compare(a.bytes, b.bytes) === 0
	);
}

function unreadable(path: string, cause: unknown): CacheError {
	const message = `The last-known-good artifact in ${path} is not used: ${reasonOf(cause)}.`;
	return new CacheError("CACHE_UNREADABLE", message, { cause });
}

function unwritable(path: string, cause: unknown): CacheError {
	const hint = "a restart without the source would have nothing to serve";
	const message = `The artifact cannot be written to ${path} (${reasonOf(cause)}); ${hint}.`;
	return new CacheError("CACHE_UNWRITABLE", message, { cause });
}

function reasonOf(cause: unknown): string {
	if (cause instanceof CacheError) return cause.message.replace(/\.$/, "");
	const code = systemCode(cause) ?? "";
	return (REASONS[code] ?? code) || "unexpected failure";
}

const REASONS: Readonly<Record<string, string>> = {
	EACCES: "permission denied",
	EDQUOT: "the quota is used up",
	EISDIR: "a directory is in its place",
	ELOOP: "a symbolic link is in its place",
	ENOSPC: "the disk is full",
	ENOTDIR: "a part of the path is not a directory",
	EPERM: "operation not permitted",
	EROFS: "the file system is read-only",
};

function systemCode(error: unknown): string | undefined {
	return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
