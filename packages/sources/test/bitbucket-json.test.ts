import { describe, expect, it } from "vitest";
import { at } from "../src/bitbucket-json.js";

describe("at", () => {
	const json: unknown = JSON.parse('{"a":[{"b":"c"}],"n":null,"s":"text","__proto__":{"x":1}}');

	it.each([
		[["a", 0, "b"], "c"],
		[["n"], null],
		[["n", "x"], undefined],
		[["a", 1, "b"], undefined],
		[["s", "length"], undefined],
		[["toString"], undefined],
	])("%j is %j", (way, value) => {
		expect(at(json, ...way)).toBe(value);
	});

	it("of nothing is nothing", () => {
		expect(at(undefined, "a")).toBeUndefined();
	});
});
