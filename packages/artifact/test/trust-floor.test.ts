import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
	FUTURE_TOLERANCE_MS,
	type Revocation,
	type TrustedKey,
	TrustFloor,
	type VerifiedArtifact,
	verifyArtifact,
} from "../src/index.js";
import {
	type Body,
	body,
	ed25519Signer,
	PACKED_AT_MS,
	parsed,
	refusal,
	type Signer,
	signed,
} from "./artifact-body.js";

const NOW = PACKED_AT_MS + 3_600_000;
const first = ed25519Signer();
const second = ed25519Signer();

let floor: TrustFloor;

beforeEach(() => {
	floor = new TrustFloor();
});

function packed(offsetMs: number, overrides: Body = {}): Body {
	const packedAt = new Date(PACKED_AT_MS + offsetMs).toISOString();
	return body({ packedAt, revision: `rev-${offsetMs}`, ...overrides });
}

function verify(fields: Body, trustedKeys: readonly TrustedKey[]): VerifiedArtifact {
	return verifyArtifact(parsed(fields), { trustedKeys, floor }, NOW);
}

/** Verifies with the signer's key and takes the artifact into use. */
function take(fields: Body, signer: Signer): void {
	floor.raise(verify(signed(fields, signer), [signer.trusted]));
}

function refusedAs(fields: Body, signer: Signer): string {
	return refusal(() => verify(signed(fields, signer), [first.trusted, second.trusted])).code;
}

describe("TrustFloor, rollback", () => {
	it("A1 refuses an older artifact of the same key, and hints at packing again", () => {
		take(packed(1_000), first);
		expect(refusedAs(packed(999), first)).toBe("ARTIFACT_ROLLED_BACK");
		const older = signed(packed(0), first);
		expect(refusal(() => verify(older, [first.trusted])).message).toContain("pack the older secrets again");
	});

	it("A1 accepts the older secrets packed again", () => {
		take(packed(1_000), first);
		expect(() => take(packed(2_000), first)).not.toThrow();
		expect(refusedAs(packed(1_000), first)).toBe("ARTIFACT_ROLLED_BACK");
	});

	it("accepts the artifact in use again, and another one of the same moment", () => {
		take(packed(1_000), first);
		expect(() => take(packed(1_000), first)).not.toThrow();
		expect(() => take(packed(1_000, { revision: "other" }), first)).not.toThrow();
	});

	it("A3 has one floor per key, so a key that signed ahead does not lock its successor out", () => {
		take(packed(NOW - PACKED_AT_MS + FUTURE_TOLERANCE_MS), first);
		expect(() => take(packed(0), second)).not.toThrow();
		expect(refusedAs(packed(0), first)).toBe("ARTIFACT_ROLLED_BACK");
	});

	it("is not raised by an artifact that was only verified", () => {
		verify(signed(packed(1_000), first), [first.trusted]);
		expect(() => verify(signed(packed(0), first), [first.trusted])).not.toThrow();
	});

	it("T25 is not lowered by an older artifact that was verified earlier and taken later", () => {
		const older = verify(signed(packed(0), first), [first.trusted]);
		take(packed(1_000), first);
		floor.raise(older);
		expect(refusedAs(packed(500), first)).toBe("ARTIFACT_ROLLED_BACK");
	});

	it("does not exist without keys", () => {
		floor.raise(verify(packed(1_000), []));
		expect(() => verify(packed(0), [])).not.toThrow();
	});

	it("accepts exactly what is not older than all before", () => {
		fc.assert(
			fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 10 }), (offsets) => {
				floor = new TrustFloor();
				let highest = 0;
				for (const offset of offsets) {
					if (offset < highest) expect(refusedAs(packed(offset), first)).toBe("ARTIFACT_ROLLED_BACK");
					else take(packed(offset), first);
					highest = Math.max(highest, offset);
				}
			}),
			{ numRuns: 30 },
		);
	});
});

describe("TrustFloor, equivocation", () => {
	const OTHER = { ciphertext: Buffer.from("something else").toString("base64") };

	it("A6 refuses other content under the revision in use, before asking which is older", () => {
		take(packed(1_000, { revision: "same" }), first);
		for (const offset of [0, 1_000, 2_000]) {
			expect(refusedAs(packed(offset, { revision: "same", ...OTHER }), first)).toBe("ARTIFACT_EQUIVOCATED");
		}
	});

	it("A6 counts every signed field as content", () => {
		take(packed(1_000, { revision: "same" }), first);
		const longer = packed(1_000, { revision: "same", expiresAt: "2030-01-01T00:00:00Z" });
		expect(refusedAs(longer, first)).toBe("ARTIFACT_EQUIVOCATED");
	});

	it("does not count the signature: the same content signed again is the same", () => {
		take(packed(1_000, { signature: "AAAA" }), first);
		expect(() => take(packed(1_000), first)).not.toThrow();
	});

	it("compares under one key only", () => {
		take(packed(1_000, { revision: "same" }), first);
		expect(() => take(packed(1_000, { revision: "same", ...OTHER }), second)).not.toThrow();
	});

	it("does not exist without keys", () => {
		floor.raise(verify(packed(0), []));
		expect(() => verify(packed(0, OTHER), [])).not.toThrow();
	});

	it("quotes the revision on one line", () => {
		take(packed(1_000, { revision: "x".repeat(5_000) }), first);
		const other = signed(packed(1_000, { revision: "x".repeat(5_000), ...OTHER }), first);
		expect(refusal(() => verify(other, [first.trusted])).message.length).toBeLessThan(300);
	});
});

describe("TrustFloor, revocation", () => {
	const revocation = (revokedAtMs?: number): Revocation => ({
		kind: "revocation",
		...(revokedAtMs === undefined ? {} : { revokedAtMs }),
	});

	it("has none at first", () => {
		expect(floor.revokedAtMs()).toBeUndefined();
	});

	it("A9 refuses everything packed up to the revocation, without keys too", () => {
		floor.revoke(revocation(PACKED_AT_MS + 1_000), NOW);
		expect(floor.revokedAtMs()).toBe(PACKED_AT_MS + 1_000);
		for (const offset of [-1_000, 0, 1_000]) {
			expect(refusal(() => verify(packed(offset), [])).code).toBe("ARTIFACT_REVOKED");
			expect(refusedAs(packed(offset), first)).toBe("ARTIFACT_REVOKED");
		}
	});

	it("A9 accepts what is packed after it", () => {
		floor.revoke(revocation(PACKED_AT_MS + 1_000), NOW);
		expect(() => verify(packed(1_001), [])).not.toThrow();
		expect(() => take(packed(1_001), first)).not.toThrow();
	});

	it("A9 never goes down", () => {
		floor.revoke(revocation(PACKED_AT_MS + 1_000), NOW);
		floor.revoke(revocation(PACKED_AT_MS), NOW);
		floor.revoke(revocation(), PACKED_AT_MS - 1);
		expect(floor.revokedAtMs()).toBe(PACKED_AT_MS + 1_000);
		floor.revoke(revocation(PACKED_AT_MS + 2_000), NOW);
		expect(floor.revokedAtMs()).toBe(PACKED_AT_MS + 2_000);
	});

	it("counts from now when it has no moment", () => {
		floor.revoke(revocation(), NOW);
		expect(floor.revokedAtMs()).toBe(NOW);
	});

	it("takes a date too far ahead as now, so a forged year 9999 locks nobody out", () => {
		floor.revoke(
			{ ...revocation(Date.UTC(9999, 0)), packedAtMs: Date.UTC(9998, 0) },
			NOW,
			verify(packed(Date.UTC(9997, 0) - PACKED_AT_MS), []),
		);
		expect(floor.revokedAtMs()).toBe(NOW);
		floor.revoke(revocation(NOW + FUTURE_TOLERANCE_MS), NOW);
		expect(floor.revokedAtMs()).toBe(NOW + FUTURE_TOLERANCE_MS);
	});

	it("A9 covers the artifact that was revoked and the one in use, however old the revocation says it is", () => {
		floor.revoke({ ...revocation(-1), packedAtMs: PACKED_AT_MS }, NOW);
		expect(refusal(() => verify(packed(0), [])).code).toBe("ARTIFACT_REVOKED");
		expect(() => verify(packed(1), [])).not.toThrow();
		floor.revoke(revocation(-1), NOW, verify(packed(5), []));
		expect(refusal(() => verify(packed(5), [])).code).toBe("ARTIFACT_REVOKED");
		expect(() => verify(packed(6), [])).not.toThrow();
	});

	it("A9 T24 believes the date that a trusted key has signed, also by a clock that was set back", () => {
		const held = verify(signed(packed(10), first), [first.trusted]);
		floor.revoke(revocation(), PACKED_AT_MS - 3_600_000, held);
		expect(refusedAs(packed(10), first)).toBe("ARTIFACT_REVOKED");
		expect(() => verify(packed(11), [])).not.toThrow();
	});

	it("works for a revocation long past, before 1970 even", () => {
		floor.revoke(revocation(-1), NOW);
		expect(floor.revokedAtMs()).toBe(-1);
	});

	it("is said before a rollback", () => {
		take(packed(1_000), first);
		floor.revoke(revocation(PACKED_AT_MS + 1_000), NOW);
		expect(refusedAs(packed(0), first)).toBe("ARTIFACT_REVOKED");
	});
});

describe("TrustFloor, kept across a restart", () => {
	const restarted = (): void => {
		const state = JSON.parse(JSON.stringify(floor.state()));
		floor = new TrustFloor();
		floor.merge(state);
	};

	it("A1 A6 A9 refuses the same as before", () => {
		take(packed(1_000), first);
		take(packed(500), second);
		restarted();
		expect(refusedAs(packed(999), first)).toBe("ARTIFACT_ROLLED_BACK");
		expect(refusedAs(packed(1_000, { environment: "other" }), first)).toBe("ARTIFACT_EQUIVOCATED");
		expect(refusedAs(packed(499), second)).toBe("ARTIFACT_ROLLED_BACK");
		expect(() => take(packed(500), second)).not.toThrow();
		floor.revoke({ kind: "revocation", revokedAtMs: PACKED_AT_MS + 2_000 }, NOW);
		restarted();
		expect(refusedAs(packed(2_000), first)).toBe("ARTIFACT_REVOKED");
		expect(() => take(packed(2_001), first)).not.toThrow();
	});

	it("takes the higher of two floors in every part, whichever comes first", () => {
		const other = new TrustFloor();
		take(packed(1_000), first);
		other.raise(verify(signed(packed(2_000), first), [first.trusted]));
		other.revoke({ kind: "revocation", revokedAtMs: PACKED_AT_MS - 5 }, NOW);
		const [mine, theirs] = [floor.state(), other.state()];
		floor.merge(theirs);
		other.merge(mine);
		expect(floor.state()).toEqual(other.state());
		expect(floor.state()).toMatchObject({
			revokedAtMs: PACKED_AT_MS - 5,
			marks: [{ packedAtMs: PACKED_AT_MS + 2_000 }],
		});
		floor.merge({ revokedAtMs: PACKED_AT_MS - 50, marks: [] });
		expect(floor.revokedAtMs()).toBe(PACKED_AT_MS - 5);
	});

	it("is not changed through what it handed out", () => {
		const state = floor.state();
		take(packed(1_000), first);
		expect(state).toEqual({ marks: [] });
	});

	it("A1 A9 says whether what was verified earlier would still pass", () => {
		const held = verify(signed(packed(1_000), first), [first.trusted]);
		const unsigned = verify(packed(1_000), []);
		expect(floor.admits(held)).toBe(true);
		take(packed(1_000), first);
		expect(floor.admits(held)).toBe(true);
		take(packed(1_001), first);
		expect(floor.admits(held)).toBe(false);
		expect(floor.admits(unsigned)).toBe(true);
		floor.revoke({ kind: "revocation", revokedAtMs: PACKED_AT_MS + 1_000 }, NOW);
		expect(floor.admits(unsigned)).toBe(false);
	});
});
