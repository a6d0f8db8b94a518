const MAC_LINE = "\n--- ";

/** What the clear header of an age file tells about who can open it. */
export interface AgeStanzas {
	/** Stanzas by type, such as `X25519` or `mlkem768x25519`; never sizes or keys. */
	readonly counts: Readonly<Record<string, number>>;
	/** Length of the header in bytes. */
	readonly headerBytes: number;
}

/** Counts the recipients of a binary age file by type; undefined when it has no complete age header. */
export function countAgeStanzas(file: Uint8Array): AgeStanzas | undefined {
	const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
	const macAt = bytes.indexOf(MAC_LINE, 0, "latin1");
	const end = macAt < 0 ? -1 : bytes.indexOf("\n", macAt + 1);
	if (end < 0) return undefined;
	const [introduction, ...lines] = bytes.toString("latin1", 0, macAt).split("\n");
	if (introduction !== "age-encryption.org/v1") return undefined;
	const counts = new Map<string, number>();
	for (const line of lines) {
		const type = /^-> ([\x21-\x7e]+)/.exec(line)?.[1];
		if (type !== undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
	}
	return { counts: Object.fromEntries(counts), headerBytes: end + 1 };
}
