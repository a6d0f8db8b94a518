import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "../src/index.js";

describe("decodeBase64", () => {
	it("decodes every byte sequence from its canonical text", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
				const decoded = decodeBase64(Buffer.from(data).toString("base64"));
				expect(decoded && [...decoded]).toEqual([...data]);
			}),
		);
	});

	it.each([
		["white space inside", "QUJD REVG"],
		["a line break at the end", "QUJD\n"],
		["the URL-safe alphabet", "-_-_"],
		["no padding", "QQ"],
		["half the padding", "QQ="],
		["surplus padding", "QUJD===="],
		["padding in the middle", "QQ==QUJD"],
		["spare bits that are not zero", "QR=="],
		["a single character", "Q"],
		["foreign characters", "QUJÐ"],
		["a NUL", "QUJD\u0000"],
	])("A12 refuses %s", (_, text) => {
		expect(decodeBase64(text)).toBeUndefined();
	});

	it("accepts no text twice: what decodes is the encoding of what it decodes to", () => {
		fc.assert(
			fc.property(
				fc.string({ unit: fc.constantFrom("A", "Q", "R", "/", "+", "=", "-", "_", " ") }),
				(text) => {
					const decoded = decodeBase64(text);
					if (decoded !== undefined) expect(Buffer.from(decoded).toString("base64")).toBe(text);
				},
			),
		);
	});
});
