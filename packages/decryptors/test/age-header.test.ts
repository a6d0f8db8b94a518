import { vector } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { assertAgeHeader } from "../src/age-header.js";
import { DecryptError } from "../src/index.js";

const MAC = `--- ${"A".repeat(43)}\n`;

function header(...stanzas: string[]): Buffer {
	return Buffer.from(`age-encryption.org/v1\n${stanzas.join("")}${MAC}payload`);
}

function stanza(type: string): string {
	return `-> ${type} ${"A".repeat(43)}\n${"B".repeat(43)}\n`;
}

function refusal(file: Uint8Array): DecryptError {
	try {
		assertAgeHeader(file);
	} catch (error) {
		if (error instanceof DecryptError) return error;
		throw error;
	}
	throw new TypeError("the header was accepted");
}

describe("assertAgeHeader", () => {
	it("accepts a file made elsewhere, also as a view into a larger buffer", () => {
		const { ciphertext } = JSON.parse(vector("plain").toString());
		const file = Buffer.from(ciphertext, "base64");
		const around = Buffer.concat([Buffer.from("x".repeat(99)), file]);
		expect(() => assertAgeHeader(file)).not.toThrow();
		expect(() => assertAgeHeader(around.subarray(99))).not.toThrow();
	});

	it("A14 accepts 256 stanzas and refuses 257", () => {
		expect(() => assertAgeHeader(header(stanza("X25519").repeat(256)))).not.toThrow();
		expect(refusal(header(stanza("X25519").repeat(257)))).toMatchObject({
			code: "DECRYPT_AUTHENTICATION_FAILED",
			message: "The ciphertext is encrypted to 257 recipients, more than the 256 allowed; pack it for fewer.",
		});
	});

	it("A14 counts stanzas of every type, bodies of several lines as one", () => {
		const long = `-> grease x y\n${"C".repeat(64)}\n${"C".repeat(64)}\n\n`;
		expect(() => assertAgeHeader(header(long.repeat(128), stanza("X25519").repeat(128)))).not.toThrow();
		expect(refusal(header(long.repeat(129), stanza("X25519").repeat(128))).message).toContain("257");
	});

	it("A14 stops at a header that is larger than any honest one", () => {
		const body = `${"D".repeat(64)}\n`.repeat(1200);
		expect(refusal(header(`-> X25519 x\n${body}\n`))).toMatchObject({
			code: "DECRYPT_AUTHENTICATION_FAILED",
			message: expect.stringContaining("age header over 65536 bytes"),
		});
	});

	it.each([
		["no end", "age-encryption.org/v1\n-> X25519 AAAA\nBBBB\n"],
		["an end without its line break", "age-encryption.org/v1\n-> X25519 AAAA\nBBBB\n--- AAAA"],
		["an introduction only", "age-encryption.org/v1\n"],
	])("A14 refuses a header with %s", (_, text) => {
		expect(refusal(Buffer.from(text))).toMatchObject({
			code: "DECRYPT_AUTHENTICATION_FAILED",
			message: "The ciphertext has an incomplete age header; pack it again.",
		});
	});

	it("A14 refuses armor with a hint", () => {
		expect(refusal(Buffer.from("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n"))).toMatchObject({
			code: "DECRYPT_AUTHENTICATION_FAILED",
			message: expect.stringContaining("armored"),
		});
	});

	it.each([
		["age-encryption.org/v2\n", /version this agent does not know/],
		["age-encryption.org/v1\r\n", /version this agent does not know/],
		["PK\u0003\u0004", /not an age file/],
		["", /not an age file/],
	])("refuses what is no age file: %j", (text, message) => {
		const error = refusal(Buffer.from(text));
		expect(error.code).toBe("DECRYPT_AUTHENTICATION_FAILED");
		expect(error.message).toMatch(message);
	});

	it.each(["-> scrypt AAAA 63\nBBBB\n", "-> scrypt\nBBBB\n", `${stanza("X25519")}-> scrypt AAAA 18\nBBBB\n`])(
		"A14 refuses a passphrase at once, whatever its work factor: %j",
		(stanzas) => {
			expect(refusal(header(stanzas))).toMatchObject({
				code: "DECRYPT_NO_IDENTITY",
				message: expect.stringContaining("encrypted with a passphrase"),
			});
		},
	);

	it("does not take a stanza of another type for a passphrase", () => {
		expect(() => assertAgeHeader(header(stanza("scrypt2"), stanza("example.com/scrypt")))).not.toThrow();
	});
});
