import { createHash } from "node:crypto";
import type { TrustFloorState } from "@clef-sh/artifact";
import * as v from "valibot";

/** What a place said about the version it handed out, as plain data; the sources define what it means. */
export interface StoredValidator {
	readonly etag?: string;
	readonly lastModified?: string;
}

/** Everything that outlives the process: encrypted bytes only, never a secret. */
export interface ArtifactRecord {
	/** The artifact exactly as it was verified; undefined once it is revoked. */
	readonly bytes: Uint8Array | undefined;
	readonly validator: StoredValidator | undefined;
	readonly floor: TrustFloorState;
}

/** How a record is known again among others in the same place. */
export interface RecordExtent {
	/** Hex SHA-256 of its content, as its first line states it. */
	readonly digest: string;
	/** Length without what is appended. */
	readonly bytes: number;
}

/** A record that was read back. */
export interface DecodedRecord extends ArtifactRecord {
	readonly extent: RecordExtent;
	/** When the source last vouched for the bytes, epoch milliseconds; undefined when nothing says so. */
	readonly confirmedAtMs: number | undefined;
}

const MAGIC = "clef-agent-cache 1";
const NEWLINE = 0x0a;

const Milliseconds = v.pipe(v.number(), v.integer());

const MetadataSchema = v.object({
	validator: v.optional(
		v.object({ etag: v.exactOptional(v.string()), lastModified: v.exactOptional(v.string()) }),
	),
	floor: v.object({
		revokedAtMs: v.exactOptional(Milliseconds),
		marks: v.array(
			v.object({
				signedBy: v.string(),
				packedAtMs: Milliseconds,
				revision: v.string(),
				payloadDigest: v.string(),
			}),
		),
	}),
	/** Absent when there is no artifact, only a revocation. */
	artifactBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

/**
 * A record as bytes: a line with the format's name and the hex SHA-256 of what follows, a line of JSON, the
 * artifact. Confirmations are appended; the record itself has no date, so that agents which hold the same write
 * the same and do not take turns in replacing each other's.
 */
export function encodeRecord({ bytes, floor, validator }: ArtifactRecord): {
	data: Buffer;
	extent: RecordExtent;
} {
	const { revokedAtMs } = floor;
	const marks = floor.marks.toSorted((a, b) => (a.signedBy < b.signedBy ? -1 : 1));
	const metadata = { validator, floor: { revokedAtMs, marks }, artifactBytes: bytes?.length };
	const content = Buffer.concat([Buffer.from(`${JSON.stringify(metadata)}\n`), bytes ?? new Uint8Array()]);
	const digest = sha256Hex(content);
	const data = Buffer.concat([Buffer.from(`${MAGIC} ${digest}\n`), content]);
	return { data, extent: { digest, bytes: data.length } };
}

/** One line to append to the record with this digest: the source vouched for it at `confirmedAtMs`. */
export function encodeConfirmation(digest: string, confirmedAtMs: number): string {
	// Begins with a line break, so that one that was cut short cannot spoil the next.
	return `\nconfirmed ${confirmedAtMs} ${confirmationCheck(digest, confirmedAtMs)}\n`;
}

/** Reads a record back, with the last of its confirmations; undefined when anything of it is damaged. */
export function decodeRecord(data: Buffer): DecodedRecord | undefined {
	const digest = recordDigest(data);
	const contentAt = data.indexOf(NEWLINE) + 1;
	const artifactAt = data.indexOf(NEWLINE, contentAt) + 1;
	if (digest === undefined || artifactAt === 0) return undefined;
	const metadata = parseMetadata(data.toString("utf8", contentAt, artifactAt));
	if (metadata === undefined) return undefined;
	const { artifactBytes, validator, floor } = metadata;
	const end = artifactAt + (artifactBytes ?? 0);
	if (end > data.length || sha256Hex(data.subarray(contentAt, end)) !== digest) return undefined;
	return {
		bytes: artifactBytes === undefined ? undefined : data.subarray(artifactAt, end),
		validator,
		floor,
		extent: { digest, bytes: end },
		confirmedAtMs: lastConfirmation(data.toString("latin1", end), digest),
	};
}

/** The digest that a record's first line states, unchecked; undefined when it is none. */
export function recordDigest(start: Buffer): string | undefined {
	const line = start.toString("latin1", 0, RECORD_HEAD_BYTES);
	return line.startsWith(`${MAGIC} `)
		? /^[0-9a-f]{64}(?=\n)/.exec(line.slice(MAGIC.length + 1))?.[0]
		: undefined;
}

/** How much of a record {@link recordDigest} looks at. */
export const RECORD_HEAD_BYTES: number = MAGIC.length + 66;

function parseMetadata(line: string): v.InferOutput<typeof MetadataSchema> | undefined {
	let json: unknown;
	try {
		json = JSON.parse(line);
	} catch {
		return undefined;
	}
	const result = v.safeParse(MetadataSchema, json);
	return result.success ? result.output : undefined;
}

function lastConfirmation(tail: string, digest: string): number | undefined {
	const confirmed = [...tail.matchAll(/^confirmed (\d{1,16}) ([0-9a-f]{16})$/gm)]
		.filter(([, ms, check]) => check === confirmationCheck(digest, Number(ms)))
		.map(([, ms]) => Number(ms));
	// The last, not the largest: a clock that was ahead for a while must not have the last word.
	return confirmed.at(-1);
}

function confirmationCheck(digest: string, confirmedAtMs: number): string {
	return sha256Hex(`${digest} ${confirmedAtMs}`).slice(0, 16);
}

function sha256Hex(data: string | Uint8Array): string {
	return createHash("sha256").update(data).digest("hex");
}
