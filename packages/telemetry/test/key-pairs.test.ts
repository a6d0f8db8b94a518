import fc from "fast-check";
import { expect, it } from "vitest";
import { parseKeyPairs } from "../src/key-pairs.js";

it.each([
	["a=1,b=2", { a: "1", b: "2" }],
	[" a = 1 , b = 2 ", { a: "1", b: "2" }],
	["a=b=c==", { a: "b=c==" }],
	["a=x%20y%2Cz", { a: "x y,z" }],
	["a=100%", { a: "100%" }],
	["a=1,a=2", { a: "2" }],
	["", {}],
	["a,=1,b=,,", {}],
])("reads %j", (text, pairs) => {
	expect(Object.fromEntries(parseKeyPairs(text))).toEqual(pairs);
});

it("gives every name and value back that was percent-encoded", () => {
	const text = fc.string({ minLength: 1, unit: "binary" });
	fc.assert(
		fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name }), (pairs) => {
			const encoded = pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join(",");
			expect([...parseKeyPairs(encoded)]).toEqual(pairs);
		}),
	);
});
