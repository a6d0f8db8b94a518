import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import {
	bearerToken,
	httpUrl,
	oneOf,
	parsedBy,
	pathName,
	plainText,
	rsaPrivateKey,
	wholeNumber,
} from "../../src/env/value-schema.js";
import { rsaPem } from "./rsa-pem.js";

const accepts = (schema: v.GenericSchema<string, unknown>, text: string) => v.safeParse(schema, text).success;

describe("wholeNumber", () => {
	it("takes every number of its range, and no other", () => {
		const schema = wholeNumber(1, 65_535);
		fc.assert(
			fc.property(fc.integer({ min: -10, max: 70_000 }), (n) => {
				expect(accepts(schema, String(n))).toBe(n >= 1 && n <= 65_535);
			}),
		);
	});

	it.each([
		"",
		" 80",
		"80 ",
		"80\n",
		"+80",
		"-0",
		"080",
		"8e1",
		"0x50",
		"80.0",
		"80abc",
		"٨٠",
		"Infinity",
		"NaN",
	])("refuses %j", (text) => {
		expect(accepts(wholeNumber(0, 65_535), text)).toBe(false);
	});

	it("gives a number", () => {
		expect(v.parse(wholeNumber(0, 10), "0")).toBe(0);
	});
});

describe("oneOf", () => {
	it("takes its words and lists them otherwise", () => {
		expect(v.parse(oneOf(["text", "json"]), "json")).toBe("json");
		expect(() => v.parse(oneOf(["text", "json"]), "JSON")).toThrow(/^must be one of text, json$/);
	});
});

describe("plainText", () => {
	it.each([
		["payments-api", true],
		["Zahlungs-Dienst ü", true],
		["a\nb", false],
		["a\u0000", false],
		["\u0085", false],
	])("judges %j: %s", (text, expected) => {
		expect(accepts(plainText(), text)).toBe(expected);
	});

	it("is bounded", () => {
		expect(accepts(plainText(4), "1234")).toBe(true);
		expect(accepts(plainText(4), "12345")).toBe(false);
	});
});

describe("bearerToken", () => {
	it.each([
		["abc-._~+/=", true],
		["email@example.org:token", true],
		["two words", false],
		["tab\tbed", false],
		["crlf\r\nX-Injected: 1", false],
		["schlüssel", false],
		["", false],
	])("judges %j: %s", (text, expected) => {
		expect(accepts(bearerToken(), text)).toBe(expected);
	});
});

describe("pathName", () => {
	it.each([
		["payments-api", true],
		["v1.2_x", true],
		["..", false],
		["a..b", false],
		["../../x", false],
		["a/b", false],
		[".hidden", false],
		["-rf", false],
		["a\n", false],
		["", false],
	])("judges %j: %s", (text, expected) => {
		expect(accepts(pathName(), text)).toBe(expected);
	});
});

describe("httpUrl", () => {
	it.each([
		["https://git.example.org/api/v3", true],
		["http://git.example.org:7990", true],
		["ftp://git.example.org", false],
		["https://user:pass@git.example.org", false],
		["https://user@git.example.org", false],
		["https://git.example.org/?token=1", false],
		["https://git.example.org/#x", false],
		["git.example.org", false],
		["https://", false],
	])("judges %j: %s", (text, expected) => {
		expect(accepts(httpUrl(), text)).toBe(expected);
	});
});

describe("rsaPrivateKey", () => {
	const pkcs1 = rsaPem({ type: "pkcs1", format: "pem" });

	it("takes both forms that GitHub and others give out", () => {
		expect(v.parse(rsaPrivateKey(), pkcs1)).toBe(pkcs1);
		expect(accepts(rsaPrivateKey(), rsaPem({ type: "pkcs8", format: "pem" }))).toBe(true);
	});

	it("takes line breaks that were written out, as where only one line fits", () => {
		expect(v.parse(rsaPrivateKey(), pkcs1.replaceAll("\n", "\\n"))).toBe(pkcs1);
	});

	it.each([
		["a word", "key"],
		["a header around nothing", "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----"],
		["half of a key", pkcs1.slice(0, 800)],
		[
			"a key under a passphrase",
			rsaPem({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "p" }),
		],
		["an Ed25519 key", generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" })],
	])("refuses %s", (_, text) => {
		const message = "must be an RSA private key in PEM form, not encrypted";
		expect(v.safeParse(rsaPrivateKey(), text).issues).toEqual([expect.objectContaining({ message })]);
	});
});

describe("parsedBy", () => {
	it("gives what the function gives", () => {
		expect(v.parse(parsedBy(Number), "7")).toBe(7);
	});

	it("passes on what the function says against it, without a second full stop", () => {
		const schema = parsedBy(() => {
			throw new RangeError("Too odd.");
		});
		expect(() => v.parse(schema, "x")).toThrow(/^is not usable: Too odd$/);
	});

	it("has words even for a thrown non-error", () => {
		const schema = parsedBy(() => {
			throw "secret";
		});
		expect(() => v.parse(schema, "x")).toThrow(/^is not usable: unknown reason$/);
	});
});
