import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { importTrustedKey, importTrustedKeys } from "../src/index.js";
import { refusal } from "./artifact-body.js";

const ed25519 = generateKeyPairSync("ed25519");
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });

const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const base64 = (key: KeyObject) => key.export({ type: "spki", format: "der" }).toString("base64");

/** The message of the refusal, after checking that it has the one code for keys. */
function complaint(text: string): string {
	const error = refusal(() => importTrustedKey(text));
	expect(error.code).toBe("ARTIFACT_KEY_UNSUPPORTED");
	return error.message;
}

describe("importTrustedKey", () => {
	it("takes the algorithm from the key", () => {
		expect(importTrustedKey(vectorKeys.ed25519PublicKey).algorithm).toBe("Ed25519");
		expect(importTrustedKey(vectorKeys.ecdsaPublicKey).algorithm).toBe("ECDSA_SHA256");
	});

	it("fingerprints the DER of the key", () => {
		const der = Buffer.from(vectorKeys.ed25519PublicKey, "base64");
		expect(importTrustedKey(vectorKeys.ed25519PublicKey).fingerprint).toBe(
			createHash("sha256").update(der).digest("hex"),
		);
	});

	it.each([
		["PEM", pem(ed25519.publicKey)],
		["base64", base64(ed25519.publicKey)],
		["PEM with CRLF", pem(ed25519.publicKey).replaceAll("\n", "\r\n")],
		["PEM on one line, with the line breaks spelled out", pem(ed25519.publicKey).replaceAll("\n", "\\n")],
		["white space around it", `\n\t ${base64(ed25519.publicKey)} \n`],
		["base64 broken into lines", base64(ed25519.publicKey).replace(/.{20}/g, "$&\n")],
	])("reads %s as the same key", (_, text) => {
		const expected = importTrustedKey(base64(ed25519.publicKey));
		const trusted = importTrustedKey(text);
		expect(trusted.fingerprint).toBe(expected.fingerprint);
		expect(trusted.key.equals(ed25519.publicKey)).toBe(true);
	});

	it("A10 refuses RSA, P-384, secp256k1 and other keys, by type", () => {
		const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
		const curve = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).publicKey;
		expect(complaint(base64(rsa))).toContain("of the type rsa;");
		expect(complaint(pem(rsa))).toContain("of the type rsa;");
		expect(complaint(base64(curve("P-384")))).toContain("of the type ec secp384r1;");
		expect(complaint(base64(curve("secp256k1")))).toContain("of the type ec secp256k1;");
		expect(complaint(base64(generateKeyPairSync("ed448").publicKey))).toContain("of the type ed448;");
		expect(complaint(base64(generateKeyPairSync("x25519").publicKey))).toContain("of the type x25519;");
	});

	it("refuses a private key in every form, with a hint, and never repeats it", () => {
		const pkcs8 = ed25519.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
		const sec1 = p256.privateKey.export({ type: "sec1", format: "pem" }).toString();
		const cipher = { cipher: "aes-256-cbc", passphrase: "hunter2" };
		const encrypted = p256.privateKey.export({ type: "pkcs8", format: "pem", ...cipher }).toString();
		const der = ed25519.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
		for (const text of [pkcs8, sec1, encrypted, der, vectorKeys.ed25519PrivateKey]) {
			const message = complaint(text);
			expect(message).toContain("is a private key; give its public key");
			expect(message).not.toContain(text.slice(-24).trim());
			expect(message).not.toContain(der.slice(-24));
		}
	});

	it.each([
		["nothing", "", "is empty"],
		["white space", " \n\\n ", "is empty"],
		["a word", "secret?", "is neither PEM nor base64"],
		["PEM that is cut off", pem(ed25519.publicKey).slice(0, 60), "is neither PEM nor base64"],
		["URL-safe base64", base64(ed25519.publicKey).replace("=", "_"), "is neither PEM nor base64"],
		["base64 of something else", "AAAA", "is not a DER SPKI key"],
		[
			"PEM of something else",
			"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
			"is not a DER SPKI key",
		],
		["a bare Ed25519 key of 32 bytes", Buffer.alloc(32, 9).toString("base64"), "is not a DER SPKI key"],
		[
			"a certificate",
			"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
			"is a PEM CERTIFICATE block",
		],
		[
			"PKCS#1",
			"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----",
			"is a PEM RSA PUBLIC KEY block",
		],
		[
			"PEM with labels that differ",
			pem(ed25519.publicKey).replace("END PUBLIC", "END RSA PUBLIC"),
			"is neither PEM nor base64",
		],
	])("refuses %s", (_, text, expected) => {
		const message = complaint(text);
		expect(message).toContain(`The verify key ${expected}`);
		expect(message).toContain("give an Ed25519 or ECDSA P-256 public key");
	});
});

describe("importTrustedKeys", () => {
	const one = importTrustedKey(base64(ed25519.publicKey)).fingerprint;
	const two = importTrustedKey(base64(p256.publicKey)).fingerprint;

	it.each([
		["one key", base64(ed25519.publicKey), [one]],
		["one PEM block", pem(ed25519.publicKey), [one]],
		["commas", `${base64(ed25519.publicKey)},${base64(p256.publicKey)}`, [one, two]],
		["commas and white space", ` ${base64(ed25519.publicKey)} ,\n${base64(p256.publicKey)}\n`, [one, two]],
		["PEM blocks back to back", pem(ed25519.publicKey) + pem(p256.publicKey), [one, two]],
		["PEM blocks on one line", `${pem(ed25519.publicKey).trim()}${pem(p256.publicKey).trim()}`, [one, two]],
		[
			"PEM blocks with line breaks spelled out",
			(pem(ed25519.publicKey) + pem(p256.publicKey)).replaceAll("\n", "\\n"),
			[one, two],
		],
		["PEM blocks with a comma", `${pem(p256.publicKey)},\n${pem(ed25519.publicKey)}`, [two, one]],
		["PEM and base64", `${pem(p256.publicKey)},${base64(ed25519.publicKey)}`, [two, one]],
	])("reads %s", (_, list, expected) => {
		expect(importTrustedKeys(list).map(({ fingerprint }) => fingerprint)).toEqual(expected);
	});

	it.each([
		["", "The verify key is empty"],
		[`${base64(ed25519.publicKey)},`, "Verify key 2 of 2 is empty"],
		[`,${base64(ed25519.publicKey)}`, "Verify key 1 of 2 is empty"],
		[`${base64(ed25519.publicKey)},,${base64(p256.publicKey)}`, "Verify key 2 of 3 is empty"],
		[`${base64(ed25519.publicKey)},nonsense!`, "Verify key 2 of 2 is neither PEM nor base64"],
		[
			pem(ed25519.publicKey) + ed25519.privateKey.export({ type: "pkcs8", format: "pem" }),
			"Verify key 2 of 2 is a private key",
		],
	])("refuses the list when one item is wrong, and says which (%#)", (list, expected) => {
		const error = refusal(() => importTrustedKeys(list));
		expect(error.code).toBe("ARTIFACT_KEY_UNSUPPORTED");
		expect(error.message).toContain(expected);
	});
});
