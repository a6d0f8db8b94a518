import { describe, expect, it } from "vitest";
import { body, ENVELOPE, parsed, refusal } from "./artifact-body.js";

const envelopeWith = (overrides: Record<string, unknown>) =>
	body({ envelope: { ...ENVELOPE, ...overrides } });

describe("envelope", () => {
	it.each(["aws", "gcp", "azure"])("accepts the provider %s", (provider) => {
		const { encryption } = parsed(envelopeWith({ provider }));
		expect(encryption).toEqual({ kind: "kms", envelope: { ...ENVELOPE, provider } });
	});

	it("keeps its six fields as packed, and nothing else", () => {
		const { encryption } = parsed(envelopeWith({ region: "elsewhere" }));
		expect(encryption).toEqual({ kind: "kms", envelope: ENVELOPE });
	});

	it.each(Object.keys(ENVELOPE))("is incomplete without %s", (name) => {
		const error = refusal(() => parsed(envelopeWith({ [name]: null })));
		expect(error).toMatchObject({ code: "ARTIFACT_MALFORMED", problem: "incomplete_envelope" });
		expect(error.message).toContain(`envelope.${name} is missing`);
	});

	it("names every missing field together", () => {
		const error = refusal(() => parsed(body({ envelope: {} })));
		for (const name of Object.keys(ENVELOPE)) expect(error.message).toContain(`envelope.${name} is missing`);
	});

	it.each(Object.keys(ENVELOPE))("refuses an empty %s, which would sign like an absent one", (name) => {
		const error = refusal(() => parsed(envelopeWith({ [name]: "" })));
		expect(error.problem).toBe("invalid_shape");
		expect(error.message).toContain(`envelope.${name} is empty`);
		expect(error.message).not.toContain("unknown");
	});

	it.each(["aws", 1, true, []])("refuses %j in place of the object", (envelope) => {
		expect(refusal(() => parsed(body({ envelope }))).message).toContain("envelope is not an object");
	});

	it.each(["vault", "AWS", "aws ", "__proto__", "constructor"])(
		"A15 refuses the provider %j by name",
		(provider) => {
			const error = refusal(() => parsed(envelopeWith({ provider })));
			expect(error).toMatchObject({ code: "ARTIFACT_MALFORMED", problem: "invalid_shape" });
			expect(error.message).toContain(`envelope.provider "${provider}" is unknown`);
		},
	);

	it("A15 takes a key id as text, never as a place to go", () => {
		const keyId = "https://evil.example/keys/1";
		expect(parsed(envelopeWith({ keyId })).encryption).toMatchObject({ envelope: { keyId } });
	});

	it.each([0, 1, 11, 13, 16])("A13 refuses an IV of %d bytes", (length) => {
		const iv = Buffer.alloc(length).toString("base64");
		expect(refusal(() => parsed(envelopeWith({ iv }))).message).toContain("envelope.iv is");
	});

	it.each([0, 1, 4, 12, 15, 17])("A13 refuses an authentication tag of %d bytes", (length) => {
		const authTag = Buffer.alloc(length).toString("base64");
		expect(refusal(() => parsed(envelopeWith({ authTag }))).message).toContain("envelope.authTag is");
	});

	it.each(["wrappedKey", "iv", "authTag"])("A12 refuses sloppy base64 in %s", (name) => {
		for (const spoil of [
			(text: string) => `${text}\n`,
			(text: string) => `-${text.slice(1)}`,
			(text: string) => ` ${text}`,
			(text: string) => `${text}====`,
		]) {
			const error = refusal(() => parsed(envelopeWith({ [name]: spoil(ENVELOPE[name] ?? "") })));
			expect(error.message).toContain(`envelope.${name} is not canonical base64`);
		}
	});
});
