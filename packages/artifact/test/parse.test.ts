import { type VectorName, vector } from "@clef-sh/testkit/vectors";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { ArtifactError, parseArtifact, UnverifiedArtifact } from "../src/index.js";
import {
	body,
	bytes,
	ENVELOPE,
	PACKED_AT_MS,
	parsed,
	refusal,
	refusalCode,
	without,
} from "./artifact-body.js";

const SIGNED_FIELDS = ["identity", "environment", "revision", "packedAt", "ciphertextHash"];
const REQUIRED_FIELDS = ["version", ...SIGNED_FIELDS, "ciphertext"];

describe("parseArtifact", () => {
	it("reads every field of an unsigned artifact", () => {
		const artifact = parsed(body());
		expect(artifact.kind).toBe("artifact");
		expect(artifact.header).toEqual({
			version: 1,
			identity: "api-gateway",
			environment: "production",
			revision: "rev-1",
			packedAt: "2026-03-01T12:00:00.000Z",
			packedAtMs: PACKED_AT_MS,
			ciphertextHash: body().ciphertextHash,
		});
		expect(artifact.encryption).toEqual({ kind: "age" });
		expect(artifact.ciphertext).toBe(body().ciphertext);
		expect(artifact.signature).toBeUndefined();
		expect(artifact.signatureAlgorithm).toBeUndefined();
	});

	it("reads expiry, envelope and signature where they are", () => {
		const artifact = parsed(
			body({
				expiresAt: "2026-03-02T12:00:00Z",
				envelope: ENVELOPE,
				signature: "anything",
				signatureAlgorithm: "any label",
			}),
		);
		expect(artifact.header.expiresAt).toBe("2026-03-02T12:00:00Z");
		expect(artifact.header.expiresAtMs).toBe(PACKED_AT_MS + 86_400_000);
		expect(artifact.encryption).toEqual({ kind: "kms", envelope: ENVELOPE });
		expect(artifact.signature).toBe("anything");
		expect(artifact.signatureAlgorithm).toBe("any label");
	});

	it("takes null in an optional field as absent", () => {
		const nothing = {
			expiresAt: null,
			revokedAt: null,
			envelope: null,
			signature: null,
			signatureAlgorithm: null,
		};
		expect(parsed(body(nothing))).toEqual(parsed(body()));
	});

	it("ignores unknown fields, a byte order mark and white space around the object", () => {
		const extra = JSON.stringify(body({ comment: ["from", { a: "newer" }, "packer"] }));
		expect(parseArtifact(Buffer.from(`\ufeff\n ${extra} \r\n`))).toEqual(parsed(body()));
	});

	it("hands out what cannot be changed afterwards", () => {
		const artifact = parsed(body({ envelope: ENVELOPE }));
		expect(Object.isFrozen(artifact)).toBe(true);
		expect(Object.isFrozen(artifact.header)).toBe(true);
		expect(Object.isFrozen(artifact.encryption)).toBe(true);
		expect(artifact.encryption.kind === "kms" && Object.isFrozen(artifact.encryption.envelope)).toBe(true);
	});

	it.each<VectorName>([
		"plain",
		"signed",
		"signed-expires",
		"signed-ecdsa",
		"expired",
		"tampered-identity",
		"tampered-ciphertext",
		"tampered-rehashed",
	])("reads the vector %s of another implementation", (name) => {
		const artifact = parseArtifact(vector(name));
		expect(artifact).toBeInstanceOf(UnverifiedArtifact);
		const source = JSON.parse(vector(name).toString("utf8"));
		expect(artifact).toMatchObject({
			ciphertext: source.ciphertext,
			...(name.includes("signed") && { signatureAlgorithm: source.signatureAlgorithm }),
		});
	});

	it("refuses the truncated vector as not JSON", () => {
		const error = refusal(() => parseArtifact(vector("truncated")));
		expect(error.code).toBe("ARTIFACT_MALFORMED");
		expect(error.problem).toBe("json_parse");
	});
});

describe("parseArtifact, what is not an artifact at all", () => {
	it.each([
		["nothing", ""],
		["an HTML login page", "<!doctype html><title>Sign in</title>"],
		["two objects", "{}{}"],
		["a hundred thousand open lists", "[".repeat(100_000)],
	])("refuses %s", (_, text) => {
		const error = refusal(() => parseArtifact(Buffer.from(text)));
		expect(error).toMatchObject({ code: "ARTIFACT_MALFORMED", problem: "json_parse" });
	});

	it("refuses what is not UTF-8", () => {
		const broken = Buffer.concat([Buffer.from('{"identity":"'), Buffer.from([0xff]), Buffer.from('"}')]);
		expect(refusal(() => parseArtifact(broken)).problem).toBe("json_parse");
	});

	it("never quotes the body", () => {
		const error = refusal(() => parseArtifact(Buffer.from('{"password":"hunter2"')));
		expect(error.message).not.toContain("hunter2");
		expect(error.cause).toBeUndefined();
	});

	it.each([null, true, 7, "text", []])("refuses %j, which is JSON but not an object", (value) => {
		const error = refusal(() => parseArtifact(bytes(value)));
		expect(error).toMatchObject({ code: "ARTIFACT_MALFORMED", problem: "invalid_shape" });
	});
});

describe("parseArtifact, version", () => {
	it.each([0, 2, 1.5, -1, 1e300])("refuses version %d before judging anything else", (version) => {
		const error = refusal(() => parseArtifact(bytes({ version })));
		expect(error.code).toBe("ARTIFACT_VERSION_UNSUPPORTED");
		expect(error.message).toContain(String(version));
		expect(error.problem).toBeUndefined();
	});

	it.each(["1", true, [1], {}])("refuses %j, which is not a number", (version) => {
		const error = refusal(() => parsed(body({ version })));
		expect(error).toMatchObject({ code: "ARTIFACT_MALFORMED", problem: "invalid_shape" });
		expect(error.message).toContain("version is not a number");
	});
});

describe("parseArtifact, malformed fields", () => {
	it("names every missing field in one message", () => {
		const error = refusal(() => parseArtifact(bytes({})));
		expect(error).toMatchObject({ code: "ARTIFACT_MALFORMED", problem: "missing_fields" });
		for (const name of REQUIRED_FIELDS) expect(error.message).toContain(`${name} is missing`);
	});

	it.each(REQUIRED_FIELDS)("refuses null for the required %s", (name) => {
		const error = refusal(() => parsed(body({ [name]: null })));
		expect(error.problem).toBe("missing_fields");
		expect(error.message).toContain(`${name} is missing`);
	});

	it.each([...SIGNED_FIELDS, "ciphertext", "expiresAt", "signature", "signatureAlgorithm"])(
		"refuses a number for %s",
		(name) => {
			const error = refusal(() => parsed(body({ [name]: 5 })));
			expect(error.problem).toBe("invalid_shape");
			expect(error.message).toContain(`${name} is not text`);
		},
	);

	it.each([...SIGNED_FIELDS, "ciphertext", "expiresAt"])("refuses an empty %s", (name) => {
		const error = refusal(() => parsed(body({ [name]: "" })));
		expect(error.problem).toBe("invalid_shape");
		expect(error.message).toContain(`${name} is empty`);
	});

	it("reports different kinds of problem together, as the gravest", () => {
		const fields = without(body({ packedAt: "yesterday", envelope: { ...ENVELOPE, iv: null } }), "identity");
		const error = refusal(() => parsed(fields));
		expect(error.problem).toBe("missing_fields");
		expect(error.message).toContain("packedAt is not an ISO-8601");
		expect(error.message).toContain("identity is missing");
		expect(error.message).toContain("envelope.iv is missing");
	});

	it.each(["packedAt", "expiresAt"])("T23 refuses a %s that is not a moment", (name) => {
		for (const text of ["NaN", "2026-02-30T00:00:00Z", "2026-03-01T12:00:00"]) {
			expect(refusal(() => parsed(body({ [name]: text }))).message).toContain(`${name} is not an ISO-8601`);
		}
	});

	it("T23 accepts an expiry in the year 9999", () => {
		expect(parsed(body({ expiresAt: "9999-12-31T23:59:59Z" })).header.expiresAtMs).toBe(253_402_300_799_000);
	});

	it.each(["A".repeat(64), "a".repeat(63), "a".repeat(65), `${"a".repeat(63)}g`, `${"a".repeat(64)}\n`])(
		"refuses the hash %j",
		(ciphertextHash) => {
			expect(refusal(() => parsed(body({ ciphertextHash }))).message).toContain("ciphertextHash is not 64");
		},
	);

	it("never repeats a value in the message", () => {
		const fields = body({
			identity: "hunter2\n",
			packedAt: "hunter2",
			ciphertext: "hunter2",
			signature: ["hunter2"],
		});
		expect(refusal(() => parsed(fields)).message).not.toContain("hunter2");
	});

	it.each(["\n", "\r", "\t", "\u0000", "\u001f", "\u007f", "\u0080", "\u009f", "\ud800", "\udfff"])(
		"A11 refuses %j in every signed field",
		(character) => {
			const dirty = Object.fromEntries(
				["identity", "environment", "revision"].map((name) => [name, `a${character}b`]),
			);
			const envelope = { ...ENVELOPE, keyId: `a${character}b`, algorithm: `a${character}b` };
			const error = refusal(() => parsed(body({ ...dirty, envelope })));
			expect(error.problem).toBe("invalid_shape");
			for (const name of [...Object.keys(dirty), "envelope.keyId", "envelope.algorithm"]) {
				expect(error.message).toContain(`${name} contains a control character`);
			}
		},
	);

	it("A11 refuses a line feed where the field's format forbids it anyway", () => {
		for (const name of ["packedAt", "ciphertextHash", "expiresAt"]) {
			const fields: Record<string, unknown> = body({ expiresAt: "2027-01-01T00:00:00Z" });
			expect(refusalCode(() => parsed({ ...fields, [name]: `${fields[name]}\n` }))).toBe(
				"ARTIFACT_MALFORMED",
			);
		}
	});

	it("accepts any other unicode in names", () => {
		expect(parsed(body({ identity: "päyments/✓ 😀 __proto__" })).header.identity).toBe(
			"päyments/✓ 😀 __proto__",
		);
	});

	it.each(["QUJD\n", "QUJD REVG", "QUJ-", "QQ", "QQ=", "QR==", "***"])(
		"A12 refuses the ciphertext %j",
		(ciphertext) => {
			const error = refusal(() => parsed(body({ ciphertext })));
			expect(error).toMatchObject({ code: "ARTIFACT_MALFORMED", problem: "invalid_shape" });
			expect(error.message).toContain("ciphertext is not canonical base64");
		},
	);
});

describe("parseArtifact, prototypes", () => {
	it("takes nothing from a __proto__ in the body", () => {
		const text = JSON.stringify(body()).replace(/^\{/, '{"__proto__":{"revokedAt":"2026-01-01T00:00:00Z"},');
		const artifact = parseArtifact(Buffer.from(text));
		expect(artifact).toBeInstanceOf(UnverifiedArtifact);
		expect(({} as Record<string, unknown>).revokedAt).toBeUndefined();
	});

	it("does not find required fields in a __proto__ either", () => {
		const text = `{"__proto__":${JSON.stringify(body())}}`;
		expect(refusal(() => parseArtifact(Buffer.from(text))).problem).toBe("missing_fields");
	});

	it("reads own fields only, whatever others put on Object.prototype", () => {
		Object.defineProperty(Object.prototype, "revokedAt", { value: "polluted", configurable: true });
		try {
			expect(parseArtifact(bytes(body()))).toBeInstanceOf(UnverifiedArtifact);
		} finally {
			Reflect.deleteProperty(Object.prototype, "revokedAt");
		}
	});
});

describe("parseArtifact, properties", () => {
	it("throws nothing but ArtifactError, whatever the bytes", () => {
		fc.assert(
			fc.property(
				fc.oneof(
					fc.uint8Array(),
					fc.json().map((text) => Buffer.from(text)),
				),
				(data) => {
					expectParsedOrRefused(data);
				},
			),
		);
	});

	it("throws nothing but ArtifactError, whatever is in the fields", () => {
		const value = fc.oneof(fc.jsonValue(), fc.constant(undefined));
		const names = [
			...REQUIRED_FIELDS,
			"expiresAt",
			"revokedAt",
			"envelope",
			"signature",
			"signatureAlgorithm",
		];
		fc.assert(
			fc.property(fc.dictionary(fc.constantFrom(...names), value), (overrides) => {
				expectParsedOrRefused(bytes(body(overrides)));
			}),
		);
	});
});

function expectParsedOrRefused(data: Uint8Array): void {
	try {
		expect(["artifact", "revocation"]).toContain(parseArtifact(data).kind);
	} catch (error) {
		expect(error).toBeInstanceOf(ArtifactError);
	}
}

describe("T17 A16 a body that would become far larger in memory", () => {
	it.each([
		["lists", "[],".repeat(200_000), "[]"],
		["objects", "{},".repeat(200_000), "{}"],
		["numbers", "1,".repeat(200_000), "1"],
		["lists in lists", "[".repeat(200_000), "]".repeat(200_000)],
	])("is refused before it is taken apart: %s", (_, many, end) => {
		const text = JSON.stringify(body()).replace("}", `,"x":[${many}${end}]}`);
		const parse = vi.spyOn(JSON, "parse");
		expect(refusal(() => parseArtifact(Buffer.from(text)))).toMatchObject({
			code: "ARTIFACT_MALFORMED",
			problem: "invalid_shape",
			message: expect.stringContaining("far more values than any artifact has"),
		});
		expect(parse).not.toHaveBeenCalled();
	});

	it("is not one with unknown fields of a size that somebody may want one day", () => {
		const extra = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`key${index}`, []]));
		expect(parsed({ ...body(), extra }).header.revision).toBe("rev-1");
	});
});
