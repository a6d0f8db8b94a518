import fc from "fast-check";
import { expect, it } from "vitest";
import { parseDuration } from "../src/duration.js";

it.each([
	["3600", 3_600],
	["90s", 90],
	["15m", 900],
	["12h", 43_200],
	["30d", 2_592_000],
	["2w", 1_209_600],
])("%s is %i seconds", (text, seconds) => {
	expect(parseDuration(text)).toBe(seconds);
});

it.each(["", "0", "0d", "-1", "1.5h", "1 d", "d", "1y", "12hh", "1e3", "0x10", "١", "9999999999", " 1"])(
	"%j is no duration",
	(text) => {
		expect(parseDuration(text)).toBeUndefined();
	},
);

it("is a positive whole number of seconds for every amount and unit", () => {
	const units = fc.constantFrom("", "s", "m", "h", "d", "w");
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 999_999_999 }), units, (amount, unit) => {
			const seconds = parseDuration(`${amount}${unit}`);
			expect(seconds).toBeGreaterThanOrEqual(amount);
			expect(Number.isSafeInteger(seconds)).toBe(true);
		}),
	);
});
