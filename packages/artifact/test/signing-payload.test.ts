import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signingPayload } from "../src/index.js";
import { type Body, body, ENVELOPE, parsed, payload } from "./artifact-body.js";

function payloadOf(fields: Body): string {
	const { header, encryption } = parsed(fields);
	return Buffer.from(signingPayload(header, encryption)).toString("utf8");
}

describe("signingPayload", () => {
	it("is fourteen lines, empty where a field is absent", () => {
		const hash = body().ciphertextHash;
		expect(payloadOf(body())).toBe(
			`clef-sig-v3\n1\napi-gateway\nproduction\nrev-1\n2026-03-01T12:00:00.000Z\n${hash}\n\n\n\n\n\n\n`,
		);
	});

	it("has expiry and envelope where they are", () => {
		const fields = body({ expiresAt: "2027-01-01T00:00:00+02:00", envelope: ENVELOPE });
		expect(payloadOf(fields)).toBe(payload(fields).toString("utf8"));
		expect(payloadOf(fields).split("\n").slice(7)).toEqual([
			"2027-01-01T00:00:00+02:00",
			"aws",
			"arn:aws:kms:eu-central-1:1:key/1",
			ENVELOPE.wrappedKey,
			"SYMMETRIC_DEFAULT",
			ENVELOPE.iv,
			ENVELOPE.authTag,
		]);
	});

	it("is UTF-8", () => {
		expect(payloadOf(body({ identity: "zahlungs-wächter ✓" }))).toContain("\nzahlungs-wächter ✓\n");
	});

	it("does not cover the signature, the ciphertext text or unknown fields", () => {
		const others = { signature: "AAAA", signatureAlgorithm: "Ed25519", extra: 1 };
		expect(payloadOf(body(others))).toBe(payloadOf(body()));
	});

	it("A11 differs whenever a field differs", () => {
		const text = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom("a", "b", " ", "1", "✓") });
		const fields = fc.record({
			identity: text,
			environment: text,
			revision: text,
			packedAt: fc.constantFrom("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.0Z"),
			expiresAt: fc.constantFrom(undefined, "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.0Z"),
			envelope: fc.option(
				fc.record({
					...Object.fromEntries(Object.entries(ENVELOPE).map(([name, value]) => [name, fc.constant(value)])),
					keyId: text,
					algorithm: text,
				}),
			),
		});
		fc.assert(
			fc.property(fields, fields, (one, other) => {
				const same = JSON.stringify(one) === JSON.stringify(other);
				expect(payloadOf(body(one)) === payloadOf(body(other))).toBe(same);
			}),
		);
	});
});
