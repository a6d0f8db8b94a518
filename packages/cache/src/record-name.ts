import { createHash } from "node:crypto";

/** What tells one agent's record from another's in the same directory. */
export interface RecordSubject {
	readonly identity?: string;
	readonly environment?: string;
	/** Names the place that the artifact comes from: a validator means nothing to another one. */
	readonly source: string;
}

const LONGEST_PART = 48;

/**
 * A file name for the record: readable, of harmless characters only, and different for every subject, since the
 * digest is over what was given, not over what became of it.
 */
export function recordName({ identity, environment, source }: RecordSubject): string {
	const subject = JSON.stringify([identity ?? null, environment ?? null, source]);
	const digest = createHash("sha256").update(subject).digest("hex").slice(0, 16);
	return [readable(identity), readable(environment), digest, "clef"].filter(Boolean).join(".");
}

/** No separator, no leading dot, nothing a shell or another file system would stumble over. */
function readable(part = ""): string {
	return part.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, LONGEST_PART);
}
