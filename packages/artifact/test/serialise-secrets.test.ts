import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atOnce } from "../src/index.js";
import { parseText, secretsOf } from "./payload.js";

const text = fc.oneof(
	fc.string(),
	fc.string({ unit: "binary" }),
	fc.constantFrom("__proto__", "7", "\\", '"', "\n", "\u007f", "\u2028", "\ud800"),
);
const keys = fc.dictionary(text, text);

const whole = (source: string): string =>
	atOnce(parseText(source).serialise(Number.POSITIVE_INFINITY)).toString();

describe("serialise", () => {
	it.each([
		["flat", keys],
		["namespaced", fc.dictionary(text, keys, { minKeys: 1 })],
	])("A16 writes what JSON.stringify does, in pieces of any size (%s)", (_, payloads) => {
		fc.assert(
			fc.property(payloads, fc.integer({ min: 1, max: 60 }), (payload, charactersPerStep) => {
				const source = JSON.stringify(payload);
				expect(atOnce(secretsOf(payload).serialise(charactersPerStep)).toString()).toBe(source);
			}),
		);
	});

	it("A16 keeps the order of names that look like numbers, and what is empty", () => {
		for (const source of ['{"b":"x","2":"y","1":"z"}', "{}", '{"a":{}}', '{"a":{},"b":{"c":"d"},"e":{}}'])
			expect(whole(source)).toBe(source);
	});

	it("writes numbers and booleans as the text that they were read as", () => {
		expect(whole('{"A":1.0,"B":true}')).toBe('{"A":"1.0","B":"true"}');
	});

	it.each([
		["flat", (values: object) => values],
		["in one namespace", (values: object) => ({ all: values })],
		[
			"in a namespace each",
			(values: object) => Object.fromEntries(Object.entries(values).map(([name, A]) => [name, { A }])),
		],
	])("pauses once in each so many characters, %s", (_, payload) => {
		const values = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`KEY_${n}`, "x".repeat(20)]));
		const secrets = secretsOf(payload(values));
		const length = atOnce(secrets.serialise(Number.POSITIVE_INFINITY)).length;
		const pauses = [...secrets.serialise(500)].length;
		expect(pauses).toBeGreaterThanOrEqual(Math.floor(length / (500 + 50)));
		expect(pauses).toBeLessThanOrEqual(length / 500);
	});
});
