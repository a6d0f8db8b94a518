import { generateKeyPairSync, sign } from "node:crypto";
import { type VectorName, vector, vectorKeys } from "@clef-sh/testkit/vectors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	ArtifactError,
	FUTURE_TOLERANCE_MS,
	importTrustedKey,
	importTrustedKeys,
	parseArtifact,
	type TrustedKey,
	TrustFloor,
	UnverifiedArtifact,
	VerifiedArtifact,
	verifyArtifact,
} from "../src/index.js";
import {
	type Body,
	body,
	ENVELOPE,
	ecdsaSigner,
	ed25519Signer,
	PACKED_AT_MS,
	parsed,
	payload,
	policy,
	refusal,
	refusalCode,
	signed,
	without,
} from "./artifact-body.js";

const NOW = PACKED_AT_MS + 60_000;
const ed25519 = ed25519Signer();
const ecdsa = ecdsaSigner();

function verify(fields: Body, ...trustedKeys: readonly TrustedKey[]): VerifiedArtifact {
	return verifyArtifact(parsed(fields), policy({ trustedKeys }), NOW);
}

describe("verifyArtifact", () => {
	it("turns an unsigned artifact into a verified one where no key is set", () => {
		const artifact = parsed(body({ envelope: ENVELOPE }));
		const verified = verifyArtifact(artifact, policy(), NOW);
		expect(verified).toBeInstanceOf(VerifiedArtifact);
		expect(verified.header).toBe(artifact.header);
		expect(verified.encryption).toBe(artifact.encryption);
		expect(Buffer.from(verified.ciphertext).toString()).toBe("not really sealed");
		expect(verified.signedBy).toBeUndefined();
		expect(verified.payloadDigest).toMatch(/^[0-9a-f]{64}$/);
		expect(Object.isFrozen(verified)).toBe(true);
	});

	it("digests the signing payload, so the digest tells artifacts apart", () => {
		const digest = (fields: Body) => verify(fields).payloadDigest;
		expect(digest(body({ signature: "x" }))).toBe(digest(body()));
		expect(digest(body({ revision: "rev-2" }))).not.toBe(digest(body()));
	});

	it.each([
		["Ed25519", ed25519],
		["ECDSA", ecdsa],
	])("accepts an %s signature and says who signed", (_, signer) => {
		const fields = signed(body({ envelope: ENVELOPE, expiresAt: "2030-01-01T00:00:00Z" }), signer);
		expect(verify(fields, signer.trusted).signedBy).toBe(signer.trusted.fingerprint);
	});

	it("tries every key, whatever their order", () => {
		const keys = [ed25519Signer().trusted, ecdsa.trusted, ecdsaSigner().trusted, ed25519.trusted];
		for (const signer of [ed25519, ecdsa]) {
			const fields = signed(body(), signer);
			expect(verify(fields, ...keys).signedBy).toBe(signer.trusted.fingerprint);
			expect(verify(fields, ...keys.toReversed()).signedBy).toBe(signer.trusted.fingerprint);
		}
	});

	it("accepts a signature without a label", () => {
		const fields = without(signed(body(), ed25519), "signatureAlgorithm");
		expect(verify(fields, ecdsa.trusted, ed25519.trusted).signedBy).toBe(ed25519.trusted.fingerprint);
	});

	it("does not look at a signature where no key is set", () => {
		expect(() => verify(body({ signature: "***", signatureAlgorithm: "nonsense" }))).not.toThrow();
	});

	it("cannot be gone round at run time either", () => {
		const construct = VerifiedArtifact as unknown as new (...args: unknown[]) => unknown;
		const fields = { artifact: parsed(body()), signedBy: undefined, payloadDigest: "" };
		expect(() => new construct(Symbol("passed every check"), fields)).toThrow(TypeError);
		expect(() => new construct(undefined, fields)).toThrow("Only verifyArtifact");
	});
});

describe("verifyArtifact, digest", () => {
	it("refuses a ciphertext that does not match its hash, before anything else", () => {
		const fields = { ...body({ expiresAt: "2020-01-01T00:00:00Z" }), ciphertext: "QUJD" };
		expect(refusalCode(() => verify(fields, ed25519.trusted))).toBe("ARTIFACT_DIGEST_MISMATCH");
	});

	it("hashes the base64 text, not the bytes", () => {
		const ofText = "d9cae0dbdbf078b2020e2abe5fcd74bc1edba83c35f6b8a86d638ed9b8d3d1f9";
		const ofBytes = "b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78";
		expect(() => verify(body({ ciphertext: "QUJD", ciphertextHash: ofText }))).not.toThrow();
		const fields = body({ ciphertext: "QUJD", ciphertextHash: ofBytes });
		expect(refusalCode(() => verify(fields))).toBe("ARTIFACT_DIGEST_MISMATCH");
	});
});

describe("verifyArtifact, signature", () => {
	const valid = signed(body(), ed25519);

	it.each([
		["stripped", without(valid, "signature")],
		["null", { ...valid, signature: null }],
		["empty", { ...valid, signature: "" }],
	])("A10 refuses a signature that is %s as missing", (_, fields) => {
		const error = refusal(() => verify(fields, ed25519.trusted));
		expect(error.code).toBe("ARTIFACT_SIGNATURE_MISSING");
		expect(error.message).toContain("pack it with the signing key");
	});

	it("A8 refuses an artifact that is unsigned and expired for its signature", () => {
		const fields = body({ expiresAt: "2020-01-01T00:00:00Z" });
		expect(refusalCode(() => verify(fields, ed25519.trusted))).toBe("ARTIFACT_SIGNATURE_MISSING");
	});

	it("refuses the signature of another key", () => {
		expect(refusalCode(() => verify(valid, ed25519Signer().trusted))).toBe("ARTIFACT_SIGNATURE_INVALID");
		expect(refusalCode(() => verify(signed(body(), ecdsa), ecdsaSigner().trusted))).toBe(
			"ARTIFACT_SIGNATURE_INVALID",
		);
	});

	it.each(["ECDSA_SHA256", "ed25519", "none", "RSA_SHA256", ""])(
		"A10 refuses the label %j on an Ed25519 signature",
		(label) => {
			const fields = { ...valid, signatureAlgorithm: label };
			expect(refusalCode(() => verify(fields, ed25519.trusted, ecdsa.trusted))).toBe(
				"ARTIFACT_SIGNATURE_INVALID",
			);
		},
	);

	it("A10 refuses the label Ed25519 on an ECDSA signature", () => {
		const fields = { ...signed(body(), ecdsa), signatureAlgorithm: "Ed25519" };
		expect(refusalCode(() => verify(fields, ecdsa.trusted))).toBe("ARTIFACT_SIGNATURE_INVALID");
	});

	it("A10 refuses ECDSA in P1363 instead of DER", () => {
		const key = { key: ecdsa.privateKey, dsaEncoding: "ieee-p1363" } as const;
		const signature = sign("sha256", payload(body()), key).toString("base64");
		const fields = body({ signature, signatureAlgorithm: "ECDSA_SHA256" });
		expect(refusalCode(() => verify(fields, ecdsa.trusted))).toBe("ARTIFACT_SIGNATURE_INVALID");
	});

	it("A10 refuses ECDSA over another hash", () => {
		const signature = sign("sha512", payload(body()), ecdsa.privateKey).toString("base64");
		const fields = body({ signature, signatureAlgorithm: "ECDSA_SHA256" });
		expect(refusalCode(() => verify(fields, ecdsa.trusted))).toBe("ARTIFACT_SIGNATURE_INVALID");
	});

	it.each([
		["a line break", (text: string) => `${text}\n`],
		["no padding", (text: string) => text.replaceAll("=", "")],
		["surplus padding", (text: string) => `${text}====`],
		["the URL-safe alphabet", (text: string) => `-${text.slice(1)}`],
	])("A12 refuses a signature whose base64 has %s", (_, spoil) => {
		const fields = { ...valid, signature: spoil(String(valid.signature)) };
		expect(refusalCode(() => verify(fields, ed25519.trusted))).toBe("ARTIFACT_SIGNATURE_INVALID");
	});

	it.each([1, 32, 63, 65, 128, 4_096])("refuses a signature of %d bytes", (length) => {
		const fields = { ...valid, signature: Buffer.alloc(length, 1).toString("base64") };
		expect(
			refusalCode(() => verify(without(fields, "signatureAlgorithm"), ed25519.trusted, ecdsa.trusted)),
		).toBe("ARTIFACT_SIGNATURE_INVALID");
	});

	it("counts a key that the crypto library cannot verify with as one that does not verify", () => {
		const { publicKey } = generateKeyPairSync("x25519");
		const unusable: TrustedKey = { algorithm: "Ed25519", fingerprint: "unusable", key: publicKey };
		expect(refusalCode(() => verify(valid, unusable))).toBe("ARTIFACT_SIGNATURE_INVALID");
		expect(verify(valid, unusable, ed25519.trusted).signedBy).toBe(ed25519.trusted.fingerprint);
	});

	it.each(["identity", "environment", "revision"])("refuses a changed %s", (name) => {
		expect(refusalCode(() => verify({ ...valid, [name]: "changed" }, ed25519.trusted))).toBe(
			"ARTIFACT_SIGNATURE_INVALID",
		);
	});

	it("A7 refuses fields that were shifted into each other's place", () => {
		const fields = signed(body({ identity: "a", environment: "b" }), ed25519);
		const shifted = { ...fields, identity: "b", environment: "a" };
		expect(refusalCode(() => verify(shifted, ed25519.trusted))).toBe("ARTIFACT_SIGNATURE_INVALID");
	});

	it.each(Object.keys(ENVELOPE))(
		"A15 refuses a changed envelope.%s, before any key service hears of it",
		(name) => {
			const fields = signed(body({ envelope: ENVELOPE }), ed25519);
			const other = {
				provider: "gcp",
				iv: Buffer.alloc(12).toString("base64"),
				authTag: Buffer.alloc(16).toString("base64"),
			};
			const changed = { ...ENVELOPE, [name]: (other as Record<string, string>)[name] ?? "AAAA" };
			expect(refusalCode(() => verify({ ...fields, envelope: changed }, ed25519.trusted))).toBe(
				"ARTIFACT_SIGNATURE_INVALID",
			);
		},
	);

	it("refuses an envelope or expiry added or removed after signing", () => {
		const expiring = signed(body({ expiresAt: "2030-01-01T00:00:00Z" }), ed25519);
		for (const fields of [
			{ ...valid, envelope: ENVELOPE },
			{ ...valid, expiresAt: "2030-01-01T00:00:00Z" },
			without(expiring, "expiresAt"),
		]) {
			expect(refusalCode(() => verify(fields, ed25519.trusted))).toBe("ARTIFACT_SIGNATURE_INVALID");
		}
	});

	it("A5 refuses other ciphertext under the same revision when it is unsigned", () => {
		const floor = new TrustFloor();
		const trust = policy({ trustedKeys: [ed25519.trusted], floor });
		floor.raise(verifyArtifact(parsed(valid), trust, NOW));
		const forged = parsed(body({ ciphertext: "QUJD" }));
		expect(refusalCode(() => verifyArtifact(forged, trust, NOW))).toBe("ARTIFACT_SIGNATURE_MISSING");
		const stolen = parsed({ ...body({ ciphertext: "QUJD" }), signature: valid.signature });
		expect(refusalCode(() => verifyArtifact(stolen, trust, NOW))).toBe("ARTIFACT_SIGNATURE_INVALID");
	});
});

describe("verifyArtifact, subject", () => {
	it("A7 accepts the identity and environment that are expected", () => {
		const expected = policy({ identity: "api-gateway", environment: "production" });
		expect(() => verifyArtifact(parsed(body()), expected, NOW)).not.toThrow();
	});

	it.each([
		["identity", { identity: "billing" }, '"api-gateway", and this agent serves "billing"'],
		["environment", { environment: "staging" }, '"production", and this agent serves "staging"'],
		["identity by case", { identity: "API-gateway" }, "packed for the identity"],
		["empty identity", { identity: "" }, "packed for the identity"],
	])("A7 refuses another %s, signed or not", (_, expected, sentence) => {
		const unsigned = refusal(() => verifyArtifact(parsed(body()), policy(expected), NOW));
		expect(unsigned.code).toBe("ARTIFACT_SUBJECT_MISMATCH");
		expect(unsigned.message).toContain(sentence);
		const trust = policy({ ...expected, trustedKeys: [ed25519.trusted] });
		expect(refusalCode(() => verifyArtifact(parsed(signed(body(), ed25519)), trust, NOW))).toBe(
			"ARTIFACT_SUBJECT_MISMATCH",
		);
	});

	it("keeps the message short for a name without end", () => {
		const endless = parsed(body({ identity: "x".repeat(100_000) }));
		const error = refusal(() => verifyArtifact(endless, policy({ identity: "billing" }), NOW));
		expect(error.message.length).toBeLessThan(300);
	});
});

describe("verifyArtifact, time", () => {
	const at = (ms: number) => new Date(ms).toISOString();

	it("A3 refuses a signed artifact packed more than five minutes ahead", () => {
		const ahead = (ms: number) => signed(body({ packedAt: at(NOW + ms) }), ed25519);
		expect(() => verify(ahead(FUTURE_TOLERANCE_MS), ed25519.trusted)).not.toThrow();
		expect(refusalCode(() => verify(ahead(FUTURE_TOLERANCE_MS + 1), ed25519.trusted))).toBe(
			"ARTIFACT_FROM_FUTURE",
		);
		const far = signed(body({ packedAt: "2099-01-01T00:00:00Z" }), ed25519);
		expect(refusalCode(() => verify(far, ed25519.trusted))).toBe("ARTIFACT_FROM_FUTURE");
	});

	it("A3 lets an unsigned one pass, which could say any time", () => {
		expect(() => verify(body({ packedAt: "2099-01-01T00:00:00Z" }))).not.toThrow();
	});

	it("A2 refuses an artifact from the moment it expires on", () => {
		expect(() => verify(body({ expiresAt: at(NOW + 1) }))).not.toThrow();
		expect(refusalCode(() => verify(body({ expiresAt: at(NOW) })))).toBe("ARTIFACT_EXPIRED");
		expect(refusalCode(() => verify(body({ expiresAt: at(NOW - 1) })))).toBe("ARTIFACT_EXPIRED");
	});

	it("A2 refuses the newest artifact replayed for ever, once it has expired", () => {
		const artifact = parsed(signed(body({ expiresAt: at(NOW + 1_000) }), ed25519));
		const trust = policy({ trustedKeys: [ed25519.trusted] });
		trust.floor.raise(verifyArtifact(artifact, trust, NOW));
		expect(() => verifyArtifact(artifact, trust, NOW + 999)).not.toThrow();
		expect(refusalCode(() => verifyArtifact(artifact, trust, NOW + 1_000))).toBe("ARTIFACT_EXPIRED");
	});

	it("T23 accepts an expiry in the year 9999", () => {
		expect(() => verify(body({ expiresAt: "9999-12-31T23:59:59Z" }))).not.toThrow();
	});
});

describe("verifyArtifact, order of checks", () => {
	it("reports the first check that fails", () => {
		const floor = new TrustFloor();
		const trust = policy({ identity: "billing", trustedKeys: [ed25519.trusted], floor });
		const other = policy({ ...without({ ...trust }, "identity"), trustedKeys: [ed25519.trusted], floor });
		floor.raise(verifyArtifact(parsed(signed(body(), ed25519)), other, NOW));
		const stale = { packedAt: new Date(PACKED_AT_MS - 1).toISOString(), expiresAt: "2020-01-01T00:00:00Z" };
		const code = (fields: Body, rule = other) => refusalCode(() => verifyArtifact(parsed(fields), rule, NOW));

		const unsigned = body(stale);
		expect(code({ ...unsigned, ciphertextHash: "0".repeat(64) }, trust)).toBe("ARTIFACT_DIGEST_MISMATCH");
		expect(code(unsigned, trust)).toBe("ARTIFACT_SIGNATURE_MISSING");
		expect(code(signed(unsigned, ed25519), trust)).toBe("ARTIFACT_SUBJECT_MISMATCH");
		expect(code(signed(unsigned, ed25519))).toBe("ARTIFACT_EQUIVOCATED");
		expect(code(signed({ ...unsigned, revision: "rev-0" }, ed25519))).toBe("ARTIFACT_ROLLED_BACK");
		const renewed = { ...unsigned, revision: "rev-2", packedAt: new Date(PACKED_AT_MS + 1).toISOString() };
		expect(code(signed(renewed, ed25519))).toBe("ARTIFACT_EXPIRED");

		floor.revoke({ kind: "revocation" }, NOW + FUTURE_TOLERANCE_MS * 3);
		expect(code(signed(unsigned, ed25519))).toBe("ARTIFACT_REVOKED");
		const ahead = { ...unsigned, packedAt: new Date(NOW + FUTURE_TOLERANCE_MS * 2).toISOString() };
		expect(code(signed(ahead, ed25519))).toBe("ARTIFACT_FROM_FUTURE");
	});
});

describe("verifyArtifact, vectors of another implementation", () => {
	/** Shortly after the vectors were packed. */
	const VECTOR_NOW = Date.UTC(2026, 10, 23);
	const ED25519 = importTrustedKey(vectorKeys.ed25519PublicKey);
	const ECDSA = importTrustedKey(vectorKeys.ecdsaPublicKey);

	function verifyVector(name: VectorName, ...trustedKeys: readonly TrustedKey[]): VerifiedArtifact {
		const artifact = parseArtifact(vector(name));
		if (!(artifact instanceof UnverifiedArtifact)) throw new TypeError("A revocation.");
		return verifyArtifact(artifact, policy({ trustedKeys }), VECTOR_NOW);
	}

	it.each<[VectorName, TrustedKey, TrustedKey]>([
		["signed", ED25519, ECDSA],
		["signed-expires", ED25519, ECDSA],
		["signed-ecdsa", ECDSA, ED25519],
	])("%s verifies with its key, and with no other", (name, key, otherKey) => {
		expect(verifyVector(name, key).signedBy).toBe(key.fingerprint);
		const both = importTrustedKeys(`${vectorKeys.ecdsaPublicKey},${vectorKeys.ed25519PublicKey}`);
		expect(verifyVector(name, ...both).signedBy).toBe(key.fingerprint);
		expect(refusalCode(() => verifyVector(name, otherKey))).toBe("ARTIFACT_SIGNATURE_INVALID");
		expect(refusalCode(() => verifyVector(name, ed25519.trusted, ecdsa.trusted))).toBe(
			"ARTIFACT_SIGNATURE_INVALID",
		);
	});

	it("plain verifies without keys, and is unsigned with one", () => {
		const { ciphertext } = verifyVector("plain");
		expect(Buffer.from(ciphertext).toString("latin1")).toMatch(/^age-encryption\.org\/v1\n-> X25519 /);
		expect(refusalCode(() => verifyVector("plain", ED25519))).toBe("ARTIFACT_SIGNATURE_MISSING");
	});

	it.each<[VectorName, string]>([
		["expired", "ARTIFACT_EXPIRED"],
		["tampered-ciphertext", "ARTIFACT_DIGEST_MISMATCH"],
	])("%s is refused without keys", (name, code) => {
		expect(refusalCode(() => verifyVector(name))).toBe(code);
	});

	it.each<[VectorName, string]>([
		["tampered-ciphertext", "ARTIFACT_DIGEST_MISMATCH"],
		["tampered-identity", "ARTIFACT_SIGNATURE_INVALID"],
		["tampered-rehashed", "ARTIFACT_SIGNATURE_INVALID"],
	])("%s is refused with the key", (name, code) => {
		expect(refusalCode(() => verifyVector(name, ED25519))).toBe(code);
	});

	it("signed has the signature that its private key makes over our payload", () => {
		const source: Body = JSON.parse(vector("signed").toString("utf8"));
		const key = {
			key: Buffer.from(vectorKeys.ed25519PrivateKey, "base64"),
			format: "der",
			type: "pkcs8",
		} as const;
		expect(sign(null, payload(source), key).toString("base64")).toBe(source.signature);
	});

	it("signed never verifies with a byte changed, unless it reads as the same artifact", () => {
		const original = vector("signed");
		const digest = verifyVector("signed", ED25519).payloadDigest;
		const trust = policy({ trustedKeys: [ED25519] });
		fc.assert(
			fc.property(fc.nat({ max: original.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
				const mutated = Buffer.from(original);
				mutated.writeUInt8(mutated.readUInt8(at) ^ flip, at);
				try {
					const artifact = parseArtifact(mutated);
					if (!(artifact instanceof UnverifiedArtifact)) return;
					const verified = verifyArtifact(artifact, trust, VECTOR_NOW);
					expect(verified.payloadDigest).toBe(digest);
				} catch (error) {
					expect(error).toBeInstanceOf(ArtifactError);
				}
			}),
			{ numRuns: 500 },
		);
	});
});
