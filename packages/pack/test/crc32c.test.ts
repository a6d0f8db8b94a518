import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32c } from "../src/crc32c.js";

it.each([
	["123456789", 0xe3069283],
	["", 0],
	["\0".repeat(32), 0x8a9136aa],
	["\xff".repeat(32), 0x62a8ab43],
	[String.fromCharCode(...Array(32).keys()), 0x46dd794e],
])("gives the published checksum of %j", (text, checksum) => {
	expect(crc32c(Buffer.from(text, "latin1"))).toBe(checksum);
});

it("notices every flipped bit", () => {
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, at) => {
			const damaged = Uint8Array.from(bytes);
			const index = at % bytes.length;
			damaged[index] = (damaged[index] ?? 0) ^ (1 << (at % 8));
			expect(crc32c(damaged)).not.toBe(crc32c(bytes));
		}),
	);
});
