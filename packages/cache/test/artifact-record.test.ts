import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type ArtifactRecord,
	decodeRecord,
	encodeConfirmation,
	encodeRecord,
	RECORD_HEAD_BYTES,
	recordDigest,
} from "../src/artifact-record.js";

const RECORD: ArtifactRecord = {
	bytes: Buffer.from('{"version":1}\nconfirmed 1 2\n'),
	validator: { etag: '"abc"', lastModified: "Sun, 22 Nov 2026 05:00:00 GMT" },
	floor: {
		revokedAtMs: 1_790_000_000_000,
		marks: [
			{ signedBy: "b2", packedAtMs: 2, revision: "r2", payloadDigest: "d2" },
			{ signedBy: "a1", packedAtMs: 1, revision: "r1", payloadDigest: "d1" },
		],
	},
};
const REVOKED: ArtifactRecord = {
	bytes: undefined,
	validator: undefined,
	floor: { revokedAtMs: -5, marks: [] },
};

const withTail = (tail: string, record = RECORD): Buffer =>
	Buffer.concat([encodeRecord(record).data, Buffer.from(tail)]);

describe("a record", () => {
	it("comes back as it was, without a confirmation until there is one", () => {
		const decoded = decodeRecord(encodeRecord(RECORD).data);
		expect(decoded).toMatchObject({ bytes: RECORD.bytes, validator: RECORD.validator });
		expect(decoded?.floor.marks.map(({ signedBy }) => signedBy)).toEqual(["a1", "b2"]);
		expect(decoded?.floor.revokedAtMs).toBe(RECORD.floor.revokedAtMs);
		expect(decoded?.confirmedAtMs).toBeUndefined();
	});

	it("A9 holds a revocation without an artifact", () => {
		const decoded = decodeRecord(encodeRecord(REVOKED).data);
		expect(decoded).toMatchObject({ bytes: undefined, floor: { revokedAtMs: -5, marks: [] } });
	});

	it("tells an empty artifact from none", () => {
		expect(decodeRecord(encodeRecord({ ...RECORD, bytes: new Uint8Array() }).data)?.bytes).toHaveLength(0);
	});

	it("is the same bytes for the same content, in whatever order keys became known", () => {
		const { floor } = RECORD;
		const reordered = { ...RECORD, floor: { ...floor, marks: [...floor.marks].reverse() } };
		expect(encodeRecord(reordered).data).toEqual(encodeRecord(RECORD).data);
	});

	it("states its digest in its first line", () => {
		const { data, extent } = encodeRecord(RECORD);
		expect(recordDigest(data.subarray(0, RECORD_HEAD_BYTES))).toBe(extent.digest);
		expect(decodeRecord(withTail("\n\n"))?.extent).toEqual(extent);
		for (const other of ["", "clef-agent-cache 2 ", "{}", `clef-agent-cache 1 ${"x".repeat(64)}\n`]) {
			expect(recordDigest(Buffer.from(other))).toBeUndefined();
		}
	});
});

describe("confirmations", () => {
	const { digest } = encodeRecord(RECORD).extent;
	const line = (ms: number) => encodeConfirmation(digest, ms);

	it("count by their order, so that a clock that was ahead does not have the last word", () => {
		expect(decodeRecord(withTail(line(10)))?.confirmedAtMs).toBe(10);
		expect(decodeRecord(withTail(line(10) + line(99_999) + line(30)))?.confirmedAtMs).toBe(30);
	});

	it("D35 do not count when cut short, forged or of another record", () => {
		const cut = line(20).slice(0, 20);
		expect(decodeRecord(withTail(line(10) + cut))?.confirmedAtMs).toBe(10);
		expect(decodeRecord(withTail(line(10) + cut + line(30)))?.confirmedAtMs).toBe(30);
		expect(decodeRecord(withTail("\nconfirmed 50 0123456789abcdef\n"))?.confirmedAtMs).toBeUndefined();
		const foreign = encodeConfirmation(encodeRecord(REVOKED).extent.digest, 60);
		expect(decodeRecord(withTail(foreign))?.confirmedAtMs).toBeUndefined();
	});
});

describe("D35 a damaged record", () => {
	const { data } = encodeRecord(RECORD);

	it("is refused at every length short of the whole", () => {
		for (let length = 0; length < data.length; length += 1) {
			expect(decodeRecord(data.subarray(0, length))).toBeUndefined();
		}
	});

	it("is refused with any bit changed", () => {
		fc.assert(
			fc.property(fc.nat(data.length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
				const damaged = Buffer.from(data);
				damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
				expect(decodeRecord(damaged)).toBeUndefined();
			}),
			{ numRuns: 500 },
		);
	});

	it.each([
		["no JSON", "nonsense"],
		["no object", "[]"],
		["no floor", "{}"],
		["a date that is none", '{"floor":{"revokedAtMs":"soon","marks":[]}}'],
		["half a mark", '{"floor":{"marks":[{"signedBy":"a"}]}}'],
		["a negative length", '{"floor":{"marks":[]},"artifactBytes":-1}'],
		["a validator that is none", '{"validator":{"etag":7},"floor":{"marks":[]}}'],
	])("is refused with %s, though its digest is right", async (_, metadata) => {
		const { createHash } = await import("node:crypto");
		const sum = createHash("sha256").update(`${metadata}\n`).digest("hex");
		expect(decodeRecord(Buffer.from(`clef-agent-cache 1 ${sum}\n${metadata}\n`))).toBeUndefined();
	});
});
