import { describe, expect, it } from "vitest";
import { quote } from "../src/quote.js";

describe("quote", () => {
	it("puts ordinary text in quotes", () => {
		expect(quote("api-gateway")).toBe('"api-gateway"');
	});

	it("escapes what would break a line or close the quotes", () => {
		expect(quote('a"b\nc')).toBe('"a\\"b\\nc"');
		expect(quote("a\u0085b\u007fc")).toBe('"a\ufffdb\ufffdc"');
	});

	it("cuts long text, so that a message stays a sentence", () => {
		expect(quote("x".repeat(80))).toBe(`"${"x".repeat(80)}"`);
		expect(quote("x".repeat(10_000))).toBe(`"${"x".repeat(80)}…"`);
	});
});
