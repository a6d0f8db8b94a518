import { crc32c as bitByBit } from "@clef-sh/testkit/gcp-crc32c";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../src/gcp-crc32c.js";

describe("crc32c", () => {
	// From RFC 3720, appendix B.4, and the check value of the algorithm's catalogue entry.
	it.each([
		["32 zeros", new Uint8Array(32), 0x8a9136aa],
		["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
		["counting up", Uint8Array.from({ length: 32 }, (_, n) => n), 0x46dd794e],
		["counting down", Uint8Array.from({ length: 32 }, (_, n) => 31 - n), 0x113fdb5c],
		["digits", Buffer.from("123456789"), 0xe3069283],
		["nothing", new Uint8Array(), 0],
	])("is right for %s", (_name, bytes, expected) => {
		expect(crc32c(bytes)).toBe(String(expected));
	});

	it("agrees with the definition, bit by bit, and is a non-negative 32-bit number as text", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
				expect(crc32c(bytes)).toBe(bitByBit(bytes));
				expect(crc32c(bytes)).toMatch(/^(?:0|[1-9]\d{0,9})$/);
			}),
		);
	});
});
