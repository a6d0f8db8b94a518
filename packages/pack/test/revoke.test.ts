import { importTrustedKey, parseArtifact, TrustFloor, verifyArtifact } from "@clef-sh/artifact";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateSigningKey, packArtifact, revokeArtifact } from "../src/index.js";
import { refusal } from "./refusal.js";

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const CONTENT = {
	secrets: Buffer.from('{"KEY":"value"}'),
	identity: "api-gateway",
	environment: "production",
	recipients: [vectorKeys.ageRecipient],
};
const NOW = "2026-11-23T12:00:00.000Z";

describe("revokeArtifact", () => {
	it("keeps the clear fields, adds the date and removes everything else", () => {
		expect(revokeArtifact(vector("signed").toString(), NOW_MS)).toBe(
			`${JSON.stringify(
				{
					version: 1,
					identity: "api-gateway",
					environment: "production",
					packedAt: JSON.parse(vector("signed").toString()).packedAt,
					revision: JSON.parse(vector("signed").toString()).revision,
					revokedAt: NOW,
				},
				null,
				2,
			)}\n`,
		);
	});

	it("makes what an agent takes as a revocation", () => {
		const { revision, packedAt } = JSON.parse(vector("plain").toString());
		expect(parseArtifact(Buffer.from(revokeArtifact(vector("plain").toString(), NOW_MS)))).toEqual({
			kind: "revocation",
			revokedAtMs: NOW_MS,
			packedAtMs: Date.parse(packedAt),
			identity: "api-gateway",
			environment: "production",
			revision,
		});
	});

	it("keeps the date of an artifact that is revoked already", () => {
		const { revokedAt } = JSON.parse(revokeArtifact(vector("revoked").toString(), NOW_MS));
		expect(revokedAt).toBe("2026-01-01T00:00:00.000Z");
		const once = revokeArtifact(vector("plain").toString(), NOW_MS);
		expect(revokeArtifact(once, NOW_MS + 60_000)).toBe(once);
	});

	it.each(["2099-01-01T00:00:00.000Z", "soon", "", 5, null, true])(
		"takes now when the earlier date is later, or none: %j",
		(revokedAt) => {
			expect(JSON.parse(revokeArtifact(JSON.stringify({ revokedAt }), NOW_MS)).revokedAt).toBe(NOW);
		},
	);

	it("revokes any JSON object, however damaged, without copying what is not text", () => {
		fc.assert(
			fc.property(
				fc.dictionary(fc.constantFrom("identity", "revision", "__proto__", "x"), fc.jsonValue()),
				(fields) => {
					const text = revokeArtifact(JSON.stringify(fields), NOW_MS);
					expect(parseArtifact(Buffer.from(text))).toMatchObject({ kind: "revocation", revokedAtMs: NOW_MS });
					for (const value of Object.values(JSON.parse(text)).slice(1)) expect(value).toBeTypeOf("string");
				},
			),
		);
	});

	it.each([
		["a clock an hour slow", -3_600_000],
		["the right clock", 0],
		["a clock an hour fast", 3_600_000],
	])(
		"A9 takes the artifact that it was made of out of use, until something newer is packed, by %s",
		async (_, offMs) => {
			const { privateKey, publicKey } = generateSigningKey();
			const pack = (now: number) => packArtifact({ ...CONTENT, signingKey: privateKey, now: () => now });
			const [before, after] = [await pack(NOW_MS), await pack(NOW_MS + 7_200_000)];
			const floor = new TrustFloor();
			const verify = (text: string, now: number) => {
				const parsed = parseArtifact(Buffer.from(text));
				if (parsed.kind === "revocation") return floor.revoke(parsed, now);
				const trustedKeys = [importTrustedKey(publicKey)];
				floor.raise(verifyArtifact(parsed, { trustedKeys, floor }, now));
			};
			verify(before, NOW_MS);
			verify(revokeArtifact(before, NOW_MS + offMs), NOW_MS + 60_000);
			expect(() => verify(before, NOW_MS + 120_000)).toThrow(
				expect.objectContaining({ code: "ARTIFACT_REVOKED" }),
			);
			expect(() => verify(after, NOW_MS + 7_200_000)).not.toThrow();
		},
	);

	it("revokes what an editor has put a byte-order mark in front of, as agents read that", () => {
		const text = `\uFEFF${vector("signed")}`;
		expect(parseArtifact(Buffer.from(text))).toMatchObject({ kind: "artifact" });
		expect(revokeArtifact(text, NOW_MS)).toBe(revokeArtifact(vector("signed").toString(), NOW_MS));
	});

	it.each(["", "[]", "null", "7", '"text"', vector("truncated").toString()])(
		"refuses what is no JSON object: %j",
		async (text) => {
			const error = await refusal(() => revokeArtifact(text, NOW_MS));
			expect(error.code).toBe("PACK_INPUT_INVALID");
			expect(error.message).toMatch(/not a JSON object; give the packed file/);
		},
	);
});
