import type { VerifiedArtifact } from "@clef-sh/artifact";

/** One moment on both clocks: the wall decides about dates, the monotonic one about ages. */
export interface Instant {
	/** Milliseconds since the epoch. */
	readonly wallMs: number;
	/** Milliseconds since an arbitrary point; never goes back. */
	readonly monotonicMs: number;
}

/** What the cell holds: a verified artifact, its prepared content and when its source last vouched for it. */
export interface Snapshot<T> {
	readonly artifact: VerifiedArtifact;
	readonly content: T;
	/** When the read that delivered or confirmed this artifact began. */
	readonly confirmedAt: Instant;
}
