import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type SealedFields, sealFields, signFields } from "@clef-sh/testkit/artifacts";
import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer, kmsRefusal } from "@clef-sh/testkit/aws-kms-server";
import { type EnvelopeOptions, sealEnvelopeFields } from "@clef-sh/testkit/envelopes";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AttackStage, MODES, recipher, refusesToStart } from "./attack-stage.js";

const UNSIGNED = { code: "ARTIFACT_SIGNATURE_MISSING", reason: "signature_missing" };
const FORGED = { code: "ARTIFACT_SIGNATURE_INVALID", reason: "signature_invalid" };
const MALFORMED = { code: "ARTIFACT_MALFORMED", reason: "invalid_shape" };
const NOT_UNWRAPPED = { code: "DECRYPT_UNWRAP_FAILED", reason: "kms_unwrap" };

const base64Spki = (key: KeyObject): string => key.export({ type: "spki", format: "der" }).toString("base64");

const UNUSABLE_KEYS: readonly (readonly [string, KeyObject])[] = [
	["rsa", generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey],
	["ec secp384r1", generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey],
	["ec secp256k1", generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey],
];

/** By the published format: 14 fields, of which an age artifact leaves the envelope's six empty. */
function payloadOf(fields: SealedFields): Buffer {
	const { version, identity, environment, revision, packedAt, ciphertextHash } = fields;
	const signed = ["clef-sig-v3", version, identity, environment, revision, packedAt, ciphertextHash];
	return Buffer.from([...signed, "", "", "", "", "", "", ""].join("\n"));
}

/** Spellings of the same bytes that are not the canonical one. */
function sloppy(base64: string): readonly (readonly [string, string])[] {
	const spare = base64.replace(/.==$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}==`);
	return [
		["with a line break at the end", `${base64}\n`],
		["with a space inside", `${base64.slice(0, 8)} ${base64.slice(8)}`],
		["in the URL-safe alphabet", base64.replaceAll("+", "-").replaceAll("/", "_")],
		["without padding", base64.replace(/=+$/, "")],
		["with half its padding", base64.replace(/=$/, "")],
		["with surplus padding", `${base64}=`],
		["with spare bits set", spare],
	];
}

/** Base64 in which each of {@link sloppy}'s spellings differs from it. */
function fit(base64: string): boolean {
	return /[AQgw]==$/.test(base64) && /[+/]/.test(base64);
}

/** An artifact whose ciphertext is {@link fit}, and what it holds; random bytes are soon. */
async function fitArtifact(stage: AttackStage): Promise<{ fields: SealedFields; text: string }> {
	const options = stage.next({});
	for (let length = 0; length < 300; length += 1) {
		const text = JSON.stringify({ KEY: "x".repeat(length) });
		const fields = await sealFields({ ...options, secrets: text });
		if (fit(String(fields.ciphertext))) return { fields, text };
	}
	throw new RangeError("no ciphertext among 300 ends in two padding characters and has one of + and /");
}

/** An agent with an age artifact, that could use a KMS; and one nobody should call. */
async function kmsStage(ttl: string) {
	const kms = await AwsKmsServer.start();
	onTestFinished(() => kms.close());
	const foreign = await startServer(behaviours.ok("{}"));
	onTestFinished(() => foreign.close());
	const key = kms.key("SYMMETRIC_DEFAULT", "clef");
	const stage = await AttackStage.ready(ttl, { variables: kms.environment() });
	const seal = (secrets: object, more: Partial<EnvelopeOptions> = {}): Promise<SealedFields> =>
		sealEnvelopeFields({
			...stage.next(secrets),
			provider: "aws",
			keyId: key.arn,
			wrap: (dataKey) => encryptWith(key, dataKey),
			...more,
		});
	return { stage, kms, key, seal, foreign };
}

/** A good artifact under the KMS gets through, so it was not the set-up that refused the bad ones. */
async function acceptsEnvelope({ stage, seal }: Awaited<ReturnType<typeof kmsStage>>): Promise<void> {
	const secrets = { KEY: "under-a-kms" };
	await stage.accepts("a good envelope", await seal(secrets), JSON.stringify(secrets));
}

describe.each(MODES)("%s, through the built command", (mode, ttl) => {
	it("A10 refuses a signature that is stripped, empty, mislabelled or P1363, and takes the right ones", async () => {
		const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
		const stage = await AttackStage.ready(ttl, {
			variables: { CLEF_AGENT_VERIFY_KEY: `${vectorKeys.ed25519PublicKey},${base64Spki(ec.publicKey)}` },
		});
		const fields = await sealFields(stage.next({ KEY: "evil" }));
		const { signature, signatureAlgorithm, ...stripped } = fields;
		await stage.refuses("stripped", stripped, UNSIGNED);
		await stage.refuses("label alone", { ...stripped, signatureAlgorithm }, UNSIGNED);
		for (const none of ["", null]) await stage.refuses("empty", { ...fields, signature: none }, UNSIGNED);
		for (const wrong of [0, [signature], { signature }])
			await stage.refuses("no text", { ...fields, signature: wrong }, MALFORMED);
		for (const label of ["ECDSA_SHA256", "RSA_SHA256", "none", "ed25519", ""])
			await stage.refuses(label, { ...fields, signatureAlgorithm: label }, FORGED);
		const ecdsa = (dsaEncoding: "der" | "ieee-p1363", key = ec.privateKey): SealedFields => ({
			...stripped,
			signature: sign("sha256", payloadOf(fields), { key, dsaEncoding }).toString("base64"),
			signatureAlgorithm: "ECDSA_SHA256",
		});
		await stage.refuses("P1363", ecdsa("ieee-p1363"), FORGED);
		await stage.refuses("DER, mislabelled", { ...ecdsa("der"), signatureAlgorithm: "Ed25519" }, FORGED);
		for (const namedCurve of ["secp384r1", "secp256k1"]) {
			const { privateKey } = generateKeyPairSync("ec", { namedCurve });
			await stage.refuses(namedCurve, ecdsa("der", privateKey), FORGED);
		}
		await stage.accepts("DER", ecdsa("der"), JSON.stringify({ KEY: "evil" }));
		await stage.recovers();
	});

	it.each(UNUSABLE_KEYS)("A10 does not start with a verify key of the type %s", async (type, publicKey) => {
		const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
		const der = base64Spki(publicKey);
		for (const key of [pem, `${vectorKeys.ed25519PublicKey},${der}`]) {
			const stderr = await refusesToStart({ CLEF_AGENT_CACHE_TTL: ttl, CLEF_AGENT_VERIFY_KEY: key });
			expect(stderr).toContain("CLEF_AGENT_VERIFY_KEY");
			expect(stderr).toContain(`is of the type ${type}; give an Ed25519 or ECDSA P-256 public key`);
			expect(stderr).not.toContain(der.slice(-24));
		}
	});

	it("A11 refuses control characters in every signed field as malformed", async () => {
		const { stage, kms, seal } = await kmsStage(ttl);
		const names = ["identity", "environment", "revision", "packedAt", "ciphertextHash", "expiresAt"];
		const fields = await sealFields({ ...stage.next({ KEY: "evil" }), expiresAt: "2098-01-01T00:00:00Z" });
		const spoil = async (name: string, control: string): Promise<void> => {
			const spoiled = signFields({ ...fields, [name]: `${fields[name]}${control}x` });
			const message = new RegExp(`malformed: ${name} (contains a control character|is not )`);
			await stage.refuses(`${JSON.stringify(control)} in ${name}`, spoiled, { ...MALFORMED, message });
		};
		for (const name of names) await spoil(name, "\n");
		for (const control of ["\r", "\t", "\0", "\u001b", "\u007f", "\u0085", "\ud800"])
			await spoil("identity", control);
		const envelope = Object((await seal({ KEY: "evil" })).envelope) as SealedFields;
		for (const name of ["provider", "keyId", "wrappedKey", "algorithm", "iv", "authTag"]) {
			const tampered = await seal({ KEY: "evil" }, { tamper: { [name]: `${envelope[name]}\n` } });
			const message = new RegExp(`malformed: envelope.${name} `);
			await stage.refuses(`a line feed in ${name}`, tampered, { ...MALFORMED, message });
		}
		expect(kms.operations).toEqual([]);
		await stage.recovers();
	});

	it("A12 refuses sloppy base64 in ciphertext, signature and envelope", async () => {
		const { stage, kms, seal } = await kmsStage(ttl);
		const { fields, text: good } = await fitArtifact(stage);
		for (const [how, ciphertext] of sloppy(String(fields.ciphertext))) {
			expect(ciphertext, how).not.toBe(fields.ciphertext);
			const message = /ciphertext is not canonical base64/;
			await stage.refuses(`ciphertext ${how}`, recipher(fields, ciphertext), { ...MALFORMED, message });
		}
		const signature = String(fields.signature);
		// A signature is read only by those who have a key for it, so to others it is never malformed.
		for (const [how, text] of sloppy(signature))
			if (text !== signature) await stage.refuses(`signature ${how}`, { ...fields, signature: text }, FORGED);
		for (const [name, length] of Object.entries({ wrappedKey: 61, authTag: 16, iv: 12 })) {
			const canonical = Buffer.alloc(length, 0xfb).toString("base64");
			for (const [how, text] of sloppy(canonical)) {
				if (text === canonical) continue;
				const tampered = await seal({ KEY: "evil" }, { tamper: { [name]: text } });
				const message = new RegExp(`envelope.${name} is not canonical base64`);
				await stage.refuses(`${name} ${how}`, tampered, { ...MALFORMED, message });
			}
		}
		expect(kms.operations).toEqual([]);
		await stage.accepts("canonical base64", fields, good);
	});

	it("A13 refuses a tag, IV or data key of the wrong length before it is used", async () => {
		const hostile = await kmsStage(ttl);
		const { stage, kms, key, seal } = hostile;
		for (const [name, lengths] of Object.entries({ authTag: [4, 12, 15, 17, 32], iv: [8, 11, 13, 16] })) {
			for (const length of lengths) {
				const tamper = { [name]: Buffer.alloc(length, 1).toString("base64") };
				const message = new RegExp(`envelope.${name} is not canonical base64 of (12|16) bytes`);
				const refusal = { ...MALFORMED, message };
				await stage.refuses(`${name} of ${length}`, await seal({ KEY: "evil" }, { tamper }), refusal);
			}
		}
		expect(kms.operations).toEqual([]);
		for (const length of [1, 16, 24, 31, 33, 64]) {
			const wrap = () => encryptWith(key, Buffer.alloc(length, 7));
			const message = new RegExp(`a data key of ${length} bytes instead of 32`);
			await stage.refuses(`a data key of ${length}`, await seal({}, { wrap }), { ...NOT_UNWRAPPED, message });
		}
		await acceptsEnvelope(hostile);
	});

	it("A15 verifies before any KMS call, and calls none for an unknown provider or a foreign key id", async () => {
		const hostile = await kmsStage(ttl);
		const { stage, kms, seal, foreign } = hostile;
		for (const provider of ["evil", "AWS", "__proto__", "constructor", "../aws"]) {
			const message = /envelope.provider .* is unknown/;
			await stage.refuses(provider, await seal({}, { provider }), { ...MALFORMED, message });
		}
		for (const [provider, keyId] of foreignKeys(foreign.url)) {
			const signed = await seal({ KEY: "evil" }, { provider, keyId });
			await stage.refuses(`${keyId}, signed`, signed, NOT_UNWRAPPED);
			const { signature, ...unsigned } = signed;
			await stage.refuses(`${keyId}, unsigned`, unsigned, UNSIGNED);
			const { envelope } = await seal({ KEY: "evil" });
			await stage.refuses(`${keyId}, exchanged`, { ...signed, envelope }, FORGED);
			expect(stage.agent.stderr).not.toContain(keyId);
		}
		expect(kms.requests).toEqual([]);
		expect(foreign.requests).toEqual([]);
		await acceptsEnvelope(hostile);
	});

	it("A15 keeps what is in memory while the KMS throttles", async () => {
		const hostile = await kmsStage(ttl);
		const { stage, kms, seal } = hostile;
		kms.respondWith(kmsRefusal("ThrottlingException"));
		await stage.refuses(`a throttled one, ${mode}`, await seal({ KEY: "later" }), NOT_UNWRAPPED);
		expect(kms.requests.length).toBeGreaterThan(0);
		kms.behaveWell();
		await acceptsEnvelope(hostile);
	});
});

/** Key ids that would carry a request, and its credentials, to someone else. */
function foreignKeys(url: string): readonly (readonly [string, string])[] {
	const key = "key/12345678-1234-1234-1234-123456789012";
	return [
		["aws", `${url}/keys/evil`],
		["aws", `arn:aws:kms:evil.example/:123456789012:${key}`],
		["aws", `arn:aws:kms:eu-central-1.evil.example:123456789012:${key}`],
		["gcp", `${url}/projects/p/locations/l/keyRings/r/cryptoKeys/k`],
		["gcp", "projects/p/locations/l/keyRings/../cryptoKeys/k"],
		["azure", `${url}/keys/evil`],
		["azure", "https://v.vault.azure.net.evil.example/keys/evil"],
		["azure", "https://evil.example#.vault.azure.net/keys/evil"],
		["azure", "https://v.vault.azure.net@evil.example/keys/evil"],
	];
}
