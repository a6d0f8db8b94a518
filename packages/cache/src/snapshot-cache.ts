import type { Instant, Snapshot } from "./snapshot.js";

/** Why a cell is empty. */
export type EmptyReason = "not_loaded" | "revoked";

/** The one memory cell: holds at most one snapshot, and releases its content when that leaves the cell. */
export class SnapshotCache<T> {
	#snapshot: Snapshot<T> | undefined;
	#emptyReason: EmptyReason = "not_loaded";
	readonly #release: (content: T) => void;

	/** `release` is called exactly once for each content that was replaced or cleared; it wipes. */
	constructor(release: (content: T) => void) {
		this.#release = release;
	}

	/** The snapshot held, servable or not: {@link assertServable} decides about that. */
	get current(): Snapshot<T> | undefined {
		return this.#snapshot;
	}

	/** Why {@link current} is undefined, when it is. */
	get emptyReason(): EmptyReason {
		return this.#emptyReason;
	}

	/** Takes a new snapshot in, and only then releases the old content, so that readers never meet a gap. */
	replace(snapshot: Snapshot<T>): void {
		const previous = this.#snapshot;
		this.#snapshot = snapshot;
		if (previous !== undefined && previous.content !== snapshot.content) this.#release(previous.content);
	}

	/** Notes that the source still has what is held; changes nothing else. Without a snapshot it does nothing. */
	confirm(at: Instant): void {
		if (this.#snapshot !== undefined) this.#snapshot = { ...this.#snapshot, confirmedAt: at };
	}

	/** Empties the cell. */
	clear(reason: EmptyReason): void {
		const previous = this.#snapshot;
		this.#snapshot = undefined;
		this.#emptyReason = reason;
		if (previous !== undefined) this.#release(previous.content);
	}
}
