import { ArtifactError } from "@clef-sh/artifact";
import { vector } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { inspectArtifact } from "../src/index.js";

const NAMED = {
	kind: "artifact",
	version: 1,
	identity: "api-gateway",
	environment: "production",
	encryption: { kind: "age", recipients: { X25519: 1 } },
};

function edited(name: "plain", changes: object): Buffer {
	return Buffer.from(JSON.stringify({ ...JSON.parse(vector(name).toString()), ...changes }));
}

describe("inspectArtifact", () => {
	it("describes every clear field of an artifact and nothing else", () => {
		expect(inspectArtifact(vector("signed-expires"))).toEqual({
			...NAMED,
			revision: "1795321703869-1492806c",
			packedAt: "2026-11-22T04:28:23.869Z",
			expiresAt: "2076-11-09T04:28:23.869Z",
			ciphertextBytes: 525,
			digestOk: true,
			signed: "Ed25519",
		});
	});

	it.each([
		["plain", { digestOk: true }],
		["signed", { digestOk: true, signed: "Ed25519" }],
		["signed-ecdsa", { digestOk: true, signed: "ECDSA_SHA256" }],
		["expired", { digestOk: true, expiresAt: expect.stringMatching(/^2024-/) }],
		["tampered-rehashed", { digestOk: true, signed: "Ed25519" }],
		["tampered-ciphertext", { digestOk: false, signed: "Ed25519" }],
	] as const)("describes the vector %s", (name, expected) => {
		expect(inspectArtifact(vector(name))).toMatchObject({ ...NAMED, ...expected });
	});

	it("shows the identity as it stands, which nobody has verified", () => {
		const inspection = inspectArtifact(vector("tampered-identity"));
		expect(inspection.identity).not.toBe(NAMED.identity);
		expect(inspection).toMatchObject({ digestOk: true, signed: "Ed25519" });
	});

	it("leaves out what is absent", () => {
		const inspection = inspectArtifact(vector("plain"));
		expect(inspection).not.toHaveProperty("signed");
		expect(inspection).not.toHaveProperty("expiresAt");
		expect(inspectArtifact(edited("plain", { signature: "AAAA" }))).toHaveProperty("signed", "unlabelled");
	});

	it("describes a revocation", () => {
		expect(inspectArtifact(vector("revoked"))).toEqual({
			kind: "revocation",
			revokedAt: "2026-01-01T00:00:00.000Z",
			packedAt: "2026-11-22T04:28:23.842Z",
			identity: "api-gateway",
			environment: "production",
			revision: "1795321703842-a0c7dd1c",
		});
		expect(inspectArtifact(Buffer.from('{"revokedAt":"yes"}'))).toEqual({ kind: "revocation" });
	});

	it("describes a KMS envelope", () => {
		const envelope = {
			provider: "aws",
			keyId: "alias/clef",
			wrappedKey: Buffer.alloc(40).toString("base64"),
			algorithm: "SYMMETRIC_DEFAULT",
			iv: Buffer.alloc(12).toString("base64"),
			authTag: Buffer.alloc(16).toString("base64"),
		};
		expect(inspectArtifact(edited("plain", { envelope }))).toMatchObject({
			encryption: { kind: "kms", provider: "aws", keyId: "alias/clef" },
		});
	});

	it("says nothing of recipients when the ciphertext is no age file", () => {
		const inspection = inspectArtifact(edited("plain", { ciphertext: "YWdl" }));
		expect(inspection).toMatchObject({ encryption: { kind: "age" }, ciphertextBytes: 3, digestOk: false });
		expect(inspection).not.toHaveProperty("encryption.recipients");
	});

	it("refuses what is not an artifact", () => {
		expect(() => inspectArtifact(vector("truncated"))).toThrow(ArtifactError);
	});
});
