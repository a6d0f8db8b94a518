import fc from "fast-check";
import { expect, it } from "vitest";
import { printable } from "../src/printable.js";

it("leaves ordinary text in any script as it is", () => {
	expect(printable("api-gateway ünïcødé ✓ 東京 🗝")).toBe("api-gateway ünïcødé ✓ 東京 🗝");
});

it.each([
	["escape sequence", "\u001b[2J"],
	["line break", "a\nb"],
	["C1 control", "\u009b31m"],
	["text direction override", "\u202e"],
	["line separator", "\u2028"],
	["zero width space", "\u200b"],
	["NUL", "\u0000"],
])("replaces a %s", (_, text) => {
	expect(printable(text)).toMatch(/^[\w[?]+$/);
	expect(printable(text)).toContain("?");
});

it("changes nothing the second time", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => printable(printable(text)) === printable(text)),
	);
});
