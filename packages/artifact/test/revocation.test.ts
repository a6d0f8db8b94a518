import { vector } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { parseArtifact } from "../src/index.js";
import { body, bytes, refusalCode } from "./artifact-body.js";

describe("revocation", () => {
	it("is read from the vector of another implementation", () => {
		expect(parseArtifact(vector("revoked"))).toEqual({
			kind: "revocation",
			revokedAtMs: Date.UTC(2026, 0, 1),
			packedAtMs: Date.parse("2026-11-22T04:28:23.842Z"),
			identity: "api-gateway",
			environment: "production",
			revision: "1795321703842-a0c7dd1c",
		});
	});

	it("works on a body that has nothing else", () => {
		const revocation = parseArtifact(bytes({ revokedAt: "2026-01-01T00:00:00+01:00" }));
		expect(revocation).toEqual({ kind: "revocation", revokedAtMs: Date.UTC(2025, 11, 31, 23) });
	});

	it("works on a body of another version that is otherwise broken", () => {
		const broken = body({
			version: 9,
			identity: 7,
			environment: "",
			revision: null,
			packedAt: 3,
			ciphertext: "***",
		});
		expect(parseArtifact(bytes({ ...broken, revokedAt: "2026-01-01T00:00:00Z" }))).toEqual({
			kind: "revocation",
			revokedAtMs: Date.UTC(2026, 0, 1),
		});
	});

	it.each(["yes", "", "2026-02-30T00:00:00Z", 1_767_225_600_000, true, false, 0, [], {}])(
		"revokes without a moment when revokedAt is %j",
		(revokedAt) => {
			expect(parseArtifact(bytes({ revokedAt }))).toEqual({ kind: "revocation" });
		},
	);

	it("leaves out names that would not fit on a line of a log", () => {
		const names = { identity: "a\nb", environment: "\ud800", revision: "x".repeat(10_000) };
		expect(parseArtifact(bytes({ ...names, revokedAt: true }))).toEqual({ kind: "revocation" });
	});

	it("is not there when revokedAt is null", () => {
		expect(parseArtifact(bytes(body({ revokedAt: null }))).kind).toBe("artifact");
	});

	it("needs an object: a list with a revokedAt inside is malformed", () => {
		expect(refusalCode(() => parseArtifact(bytes([{ revokedAt: true }])))).toBe("ARTIFACT_MALFORMED");
	});
});
