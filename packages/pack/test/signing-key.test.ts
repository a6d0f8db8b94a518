import { generateKeyPairSync, verify } from "node:crypto";
import { inspect } from "node:util";
import { importTrustedKey } from "@clef-sh/artifact";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { SigningKey } from "../src/signing-key.js";
import { refusal } from "./refusal.js";

const payload = Buffer.from("clef-sig-v3\n1");
const ed25519 = generateKeyPairSync("ed25519");
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });

async function verifies(key: SigningKey): Promise<boolean> {
	const { key: publicKey, algorithm } = importTrustedKey(await key.publicKey());
	const digest = algorithm === "Ed25519" ? null : "sha256";
	return verify(digest, payload, { key: publicKey, dsaEncoding: "der" }, await key.sign(payload));
}

describe("SigningKey", () => {
	it.each([
		["Ed25519", "PKCS#8 PEM", ed25519.privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
		["Ed25519", "base64 DER", ed25519.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64")],
		["Ed25519", "base64 DER of another implementation", vectorKeys.ed25519PrivateKey],
		["ECDSA_SHA256", "PKCS#8 PEM", p256.privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
		["ECDSA_SHA256", "SEC1 PEM", p256.privateKey.export({ type: "sec1", format: "pem" }).toString()],
		[
			"ECDSA_SHA256",
			"base64 DER",
			p256.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
		],
	])("signs with %s from %s", async (algorithm, _, text) => {
		const key = new SigningKey(text);
		expect(importTrustedKey(await key.publicKey()).algorithm).toBe(algorithm);
		expect(await verifies(key)).toBe(true);
	});

	it("knows its public key", async () => {
		const key = new SigningKey(vectorKeys.ed25519PrivateKey);
		expect(await key.publicKey()).toBe(vectorKeys.ed25519PublicKey);
	});

	it("lets white space, wrapped base64 and escaped line breaks through", async () => {
		const base64 = vectorKeys.ed25519PrivateKey;
		const pem = ed25519.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
		const wrapped = new SigningKey(`\n ${base64.slice(0, 30)}\r\n${base64.slice(30)}\n`);
		expect(await wrapped.publicKey()).toBe(vectorKeys.ed25519PublicKey);
		expect(await verifies(new SigningKey(pem.replaceAll("\n", "\\n")))).toBe(true);
	});

	it("does not show the key when printed", () => {
		const shown = inspect(new SigningKey(vectorKeys.ed25519PrivateKey), { depth: null, showHidden: true });
		expect(shown).not.toContain(vectorKeys.ed25519PrivateKey.slice(-20));
	});

	const secret = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" } as const;
	const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
	const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
	const secp256k1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
	it.each([
		[
			"a public key in PEM",
			ed25519.publicKey.export({ type: "spki", format: "pem" }).toString(),
			/public key/,
		],
		["a public key in base64", vectorKeys.ecdsaPublicKey, /is a public key/],
		[
			"an RSA public key in PEM",
			rsa.publicKey.export({ type: "pkcs1", format: "pem" }).toString(),
			/public key/,
		],
		["an RSA key", rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), /of type rsa;/],
		[
			"a P-384 key",
			p384.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
			/of type secp384r1;/,
		],
		[
			"a secp256k1 key",
			secp256k1.privateKey.export({ type: "sec1", format: "pem" }).toString(),
			/secp256k1;/,
		],
		[
			"a key under a passphrase",
			ed25519.privateKey.export(secret).toString(),
			/passphrase; decrypt it first/,
		],
		["a broken PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", /cannot be read/],
		["base64 that is no key", Buffer.from("hush hush hush").toString("base64"), /cannot be read/],
		["something else", "hush-hush!", /cannot be read/],
		["nothing", "  ", /cannot be read/],
	])("refuses %s without quoting it", async (_, text, message) => {
		const error = await refusal(() => new SigningKey(text));
		expect(error.code).toBe("PACK_KEY_INVALID");
		expect(error.message).toMatch(message);
		expect(error.cause).toBeUndefined();
		const longestLine = text.split("\n").find((line) => line.trim() !== "" && !line.startsWith("-----"));
		if (longestLine !== undefined) expect(error.message).not.toContain(longestLine);
	});
});
