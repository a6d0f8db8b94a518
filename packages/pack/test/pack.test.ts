import { createDecipheriv, generateKeyPairSync } from "node:crypto";
import {
	importTrustedKey,
	parseArtifact,
	type TrustedKey,
	TrustFloor,
	verifyArtifact,
} from "@clef-sh/artifact";
import { decryptWith } from "@clef-sh/testkit/aws-kms-key";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { Decrypter } from "age-encryption";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
	AwsKmsSigner,
	createKeyWrapper,
	generateAgeIdentity,
	generateSigningKey,
	inspectArtifact,
	type PackOptions,
	packArtifact,
	revokeArtifact,
	secretsFromDotenv,
} from "../src/index.js";
import { awsKms } from "./aws-stage.js";
import { refusal } from "./refusal.js";

type AgePackOptions = Extract<
	PackOptions,
	{ readonly recipients: readonly string[]; readonly signer?: never }
>;

const NOW_MS = Date.UTC(2026, 10, 22, 4, 28, 23, 869);

const options: AgePackOptions = {
	secrets: Buffer.from(JSON.stringify(vectorSecrets)),
	identity: "api-gateway",
	environment: "production",
	recipients: [vectorKeys.ageRecipient],
	now: () => NOW_MS,
};

async function packed(changes: Partial<AgePackOptions> = {}): Promise<Record<string, string>> {
	return JSON.parse(await packArtifact({ ...options, ...changes }));
}

/** The whole way back: parse, verify, and decrypt with the library itself. */
async function opened(
	text: string,
	trustedKeys: TrustedKey[] = [],
	identity: string = vectorKeys.ageSecretKey,
) {
	const parsed = parseArtifact(Buffer.from(text));
	if (parsed.kind !== "artifact") throw new TypeError("a test packed a revocation");
	const verified = verifyArtifact(parsed, { trustedKeys, floor: new TrustFloor() }, NOW_MS);
	const decrypter = new Decrypter();
	decrypter.addIdentity(identity);
	return JSON.parse(await decrypter.decrypt(verified.ciphertext, "text"));
}

describe("packArtifact", () => {
	it("writes the fields of another implementation, in its order", async () => {
		const signed = await packed({ signingKey: vectorKeys.ed25519PrivateKey, ttlSeconds: 60 });
		expect(Object.keys(signed)).toEqual(Object.keys(JSON.parse(vector("signed-expires").toString())));
		expect(Object.keys(await packed())).toEqual(Object.keys(JSON.parse(vector("plain").toString())));
	});

	it("writes indented JSON that ends with a line break", async () => {
		const text = await packArtifact(options);
		expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
	});

	it("takes dates and the revision from the clock and the generator it is given", async () => {
		expect(await packed({ randomBytes: (length) => new Uint8Array(length).fill(0xab) })).toMatchObject({
			packedAt: "2026-11-22T04:28:23.869Z",
			revision: "1795321703869-abababab",
		});
		expect((await packed()).revision).toMatch(/^1795321703869-[0-9a-f]{8}$/);
		expect((await packed()).revision).not.toBe((await packed()).revision);
	});

	it("opens to what went in, unsigned", async () => {
		const text = await packArtifact(options);
		expect(JSON.parse(text)).not.toHaveProperty("signature");
		expect(JSON.parse(text)).not.toHaveProperty("expiresAt");
		expect(await opened(text)).toEqual(vectorSecrets);
	});

	it("opens to what went in, post-quantum", async () => {
		const { identity, recipient } = await generateAgeIdentity({ postQuantum: true });
		expect(await opened(await packArtifact({ ...options, recipients: [recipient] }), [], identity)).toEqual(
			vectorSecrets,
		);
	});

	it("signs with Ed25519 so that the public key verifies", async () => {
		const { privateKey, publicKey } = generateSigningKey();
		const text = await packArtifact({ ...options, signingKey: privateKey });
		expect(JSON.parse(text).signatureAlgorithm).toBe("Ed25519");
		expect(await opened(text, [importTrustedKey(publicKey)])).toEqual(vectorSecrets);
		await expect(opened(text, [importTrustedKey(vectorKeys.ed25519PublicKey)])).rejects.toMatchObject({
			code: "ARTIFACT_SIGNATURE_INVALID",
		});
	});

	it("signs with P-256 so that the public key verifies", async () => {
		const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const signingKey = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
		const text = await packArtifact({ ...options, signingKey });
		expect(JSON.parse(text).signatureAlgorithm).toBe("ECDSA_SHA256");
		const spki = publicKey.export({ type: "spki", format: "pem" }).toString();
		expect(await opened(text, [importTrustedKey(spki)])).toEqual(vectorSecrets);
	});

	it("expires after the time to live, which is signed", async () => {
		const text = await packArtifact({
			...options,
			signingKey: vectorKeys.ed25519PrivateKey,
			ttlSeconds: 86_400,
		});
		expect(JSON.parse(text).expiresAt).toBe("2026-11-23T04:28:23.869Z");
		const later = text.replace("2026-11-23T04:28:23.869Z", "2027-11-23T04:28:23.869Z");
		await expect(opened(later, [importTrustedKey(vectorKeys.ed25519PublicKey)])).rejects.toMatchObject({
			code: "ARTIFACT_SIGNATURE_INVALID",
		});
	});

	it("leaves no plaintext of its own behind, also where the recipients are refused", async () => {
		const encoded: Uint8Array[] = [];
		const encode = TextEncoder.prototype.encode;
		vi.spyOn(TextEncoder.prototype, "encode").mockImplementation((text) => {
			const bytes = encode.call(new TextEncoder(), text);
			if (text?.includes("hunter2")) encoded.push(bytes);
			return bytes;
		});
		const secrets = Buffer.from('{"PASSWORD":"hunter2"}');
		await packArtifact({ ...options, secrets });
		await refusal(() => packArtifact({ ...options, secrets, recipients: ["age1nobody"] }));
		expect(encoded).toHaveLength(2);
		for (const bytes of encoded) expect(bytes.every((byte) => byte === 0)).toBe(true);
		expect(secrets.toString()).toBe('{"PASSWORD":"hunter2"}');
	});

	it("opens to what a dotenv file says", async () => {
		const text = "A=1\nexport B='two words'\nC=\"x\\ny\"\n__proto__=d\n";
		expect(await opened(await packArtifact({ ...options, secrets: secretsFromDotenv(text) }))).toEqual(
			JSON.parse('{"A":"1","B":"two words","C":"x\\ny","__proto__":"d"}'),
		);
	});

	it("packs numbers and booleans as their own text", async () => {
		const secrets = Buffer.from('{"A":1.50,"B":true,"C":12345678901234567890}');
		expect(await opened(await packArtifact({ ...options, secrets }))).toEqual({
			A: "1.50",
			B: "true",
			C: "12345678901234567890",
		});
	});

	it("A16 gives back any names and values exactly", { timeout: 60_000 }, async () => {
		const name = fc.oneof(
			fc.constantFrom("__proto__", "constructor", "success", "a/b"),
			fc.string({ minLength: 1 }),
		);
		const text = fc.string({ unit: "binary" });
		const entries = fc.uniqueArray(fc.tuple(name, text), {
			selector: ([key]) => key,
			minLength: 1,
			maxLength: 8,
		});
		await fc.assert(
			fc.asyncProperty(entries, async (pairs) => {
				const secrets = Buffer.from(JSON.stringify(Object.fromEntries(pairs)));
				const back = await opened(await packArtifact({ ...options, secrets }));
				expect(new Map(Object.entries(back))).toEqual(new Map(pairs));
			}),
			{ numRuns: 40 },
		);
	});

	it("leaves the caller's bytes alone", async () => {
		const secrets = Buffer.from('{"A":"1"}');
		await packArtifact({ ...options, secrets });
		expect(secrets.toString()).toBe('{"A":"1"}');
	});
});

describe("packArtifact with a KMS", () => {
	const { recipients: _, signingKey: __, ...content } = options;

	/** The whole way back, with the data key as the fake holds it. */
	function openedEnvelope(text: string, unwrap: (wrapped: Buffer) => Uint8Array, keys: TrustedKey[]) {
		const parsed = parseArtifact(Buffer.from(text));
		if (parsed.kind !== "artifact") throw new TypeError("a test packed a revocation");
		const policy = { trustedKeys: keys, floor: new TrustFloor() };
		const { encryption, ciphertext } = verifyArtifact(parsed, policy, NOW_MS);
		if (encryption.kind !== "kms") throw new TypeError("a test packed for age");
		const { wrappedKey, iv, authTag } = encryption.envelope;
		const dataKey = unwrap(Buffer.from(wrappedKey, "base64"));
		const decipher = createDecipheriv("aes-256-gcm", dataKey, Buffer.from(iv, "base64"));
		decipher.setAuthTag(Buffer.from(authTag, "base64"));
		return JSON.parse(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString());
	}

	it("seals with AWS KMS, signs with AWS KMS, and opens to what went in", async () => {
		const kms = await awsKms();
		const key = kms.key("SYMMETRIC_DEFAULT", "agents");
		kms.key("ECC_NIST_P256", "signing");
		const signer = new AwsKmsSigner("alias/signing");
		const text = await packArtifact({ ...content, kms: createKeyWrapper("alias/agents"), signer });
		const fields = JSON.parse(text);
		expect(fields.envelope).toMatchObject({
			provider: "aws",
			keyId: key.arn,
			algorithm: "SYMMETRIC_DEFAULT",
		});
		expect(fields.signatureAlgorithm).toBe("ECDSA_SHA256");
		const unwrap = (wrapped: Buffer) => decryptWith(key, wrapped, "SYMMETRIC_DEFAULT") ?? new Uint8Array();
		const trusted = [importTrustedKey(await signer.publicKey())];
		expect(openedEnvelope(text, unwrap, trusted)).toEqual(vectorSecrets);
	});

	it("signs every field of the envelope", async () => {
		const kms = await awsKms();
		kms.key("SYMMETRIC_DEFAULT", "agents");
		const signingKey = vectorKeys.ed25519PrivateKey;
		const text = await packArtifact({ ...content, kms: createKeyWrapper("alias/agents"), signingKey });
		const { envelope, ...rest } = JSON.parse(text);
		const trusted = [importTrustedKey(vectorKeys.ed25519PublicKey)];
		const other = { provider: "gcp", keyId: "k", algorithm: "A", wrappedKey: "AAAA" };
		const bytes = { iv: Buffer.alloc(12).toString("base64"), authTag: Buffer.alloc(16).toString("base64") };
		for (const [name, value] of Object.entries({ ...other, ...bytes })) {
			const changed = JSON.stringify({ ...rest, envelope: { ...envelope, [name]: value } });
			expect(() => openedEnvelope(changed, (wrapped) => wrapped, trusted)).toThrow(/signature/i);
		}
		expect(Object.keys(envelope).sort()).toEqual(Object.keys({ ...other, ...bytes }).sort());
	});

	it("can be inspected and revoked", async () => {
		const kms = await awsKms();
		const { arn } = kms.key();
		const text = await packArtifact({ ...content, kms: createKeyWrapper(arn) });
		expect(inspectArtifact(Buffer.from(text))).toMatchObject({
			digestOk: true,
			encryption: { kind: "kms", provider: "aws", keyId: arn },
		});
		const revoked = revokeArtifact(text, NOW_MS);
		expect(parseArtifact(Buffer.from(revoked))).toMatchObject({
			kind: "revocation",
			identity: "api-gateway",
		});
		expect(revoked).not.toContain("envelope");
	});

	it("asks no KMS for anything when the payload or a name is refused", async () => {
		const kms = await awsKms();
		const wrapper = createKeyWrapper(kms.key().arn);
		const bad = { ...content, kms: wrapper };
		await refusal(() => packArtifact({ ...bad, secrets: Buffer.from("[]") }));
		await refusal(() => packArtifact({ ...bad, identity: "../x" }));
		expect(kms.requests).toEqual([]);
	});

	it("refuses two ways to seal and two ways to sign", async () => {
		const wrapper = createKeyWrapper("alias/agents");
		const signer = new AwsKmsSigner("alias/signing");
		// @ts-expect-error recipients and a KMS exclude each other
		const sealedTwice: PackOptions = { ...options, kms: wrapper };
		// @ts-expect-error a key and a signer exclude each other
		const signedTwice: PackOptions = { ...options, signingKey: vectorKeys.ed25519PrivateKey, signer };
		expect((await refusal(() => packArtifact(sealedTwice))).message).toBe(
			"Both recipients and a KMS were given; give one of the two.",
		);
		expect((await refusal(() => packArtifact(signedTwice))).message).toBe(
			"Both a signing key and a signer were given; give one of the two.",
		);
	});
});

describe("packArtifact refuses", () => {
	it.each(['["hush"]', '{"A":null}', '{"A":{"B":["hush"]}}', '{"A":"hush","A":"hush"}', "hush", ""])(
		"A16 the payload %j, without showing it",
		async (payload) => {
			const error = await refusal(() => packArtifact({ ...options, secrets: Buffer.from(payload) }));
			expect(error.code).toBe("PACK_INPUT_INVALID");
			expect(error.message).not.toContain("hush");
		},
	);

	it.each(["", ".hidden", "../../x", "a..b", "a/b", "a b", "a\nb", "a\n", "ü", "-x", "x".repeat(129)])(
		"A11 the name %j",
		async (name) => {
			expect(await refusal(() => packArtifact({ ...options, identity: name }))).toMatchObject({
				code: "PACK_INPUT_INVALID",
				message: expect.stringMatching(/^The identity is not a plain name; /),
			});
			expect(await refusal(() => packArtifact({ ...options, environment: name }))).toMatchObject({
				message: expect.stringMatching(/^The environment is not a plain name; /),
			});
		},
	);

	it("nothing about a long or dotted plain name", async () => {
		const identity = "x".repeat(128);
		expect(await packed({ identity, environment: "eu-1.prod_2" })).toMatchObject({
			identity,
			environment: "eu-1.prod_2",
		});
	});

	it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 8000 * 366 * 86_400])(
		"T23 the time to live %d",
		async (ttlSeconds) => {
			expect(await refusal(() => packArtifact({ ...options, ttlSeconds }))).toMatchObject({
				code: "PACK_INPUT_INVALID",
				message: expect.stringMatching(/not a positive whole number of seconds/),
			});
		},
	);

	it("bad recipients and bad signing keys", async () => {
		expect((await refusal(() => packArtifact({ ...options, recipients: [] }))).code).toBe("PACK_KEY_INVALID");
		const signingKey = vectorKeys.ed25519PublicKey;
		expect((await refusal(() => packArtifact({ ...options, signingKey }))).code).toBe("PACK_KEY_INVALID");
	});
});
