import fc from "fast-check";
import { expect, it } from "vitest";
import { nearest } from "../src/nearest.js";

const commands = ["run", "exec", "health", "keygen", "pack", "inspect", "verify", "revoke"];

it.each([
	["rnu", "run"],
	["heath", "health"],
	["keygne", "keygen"],
	["pakc", "pack"],
	["inspct", "inspect"],
	["verfy", "verify"],
	["revok", "revoke"],
])("%s was meant to be %s", (word, meant) => {
	expect(nearest(word, commands)).toBe(meant);
});

it.each(["kubectl", "x", "frobnicate"])("%s is near to nothing", (word) => {
	expect(nearest(word, commands)).toBeUndefined();
});

it("prefers the nearer of two, and the earlier of two equally near", () => {
	expect(nearest("cart", ["cat", "cart", "card"])).toBe("cart");
	expect(nearest("car", ["cat", "cab"])).toBe("cat");
});

it("finds every candidate by itself", () => {
	fc.assert(fc.property(fc.constantFrom(...commands), (word) => nearest(word, commands) === word));
});

it("finds a candidate after one letter was dropped", () => {
	fc.assert(
		fc.property(fc.constantFrom(...commands), fc.nat(), (word, at) => {
			const dropped = word.slice(0, at % word.length) + word.slice((at % word.length) + 1);
			return nearest(dropped, commands) === word;
		}),
	);
});
