import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timestampMs } from "../src/timestamp.js";

describe("timestampMs", () => {
	it.each([
		["2026-11-22T04:28:23.842Z", Date.UTC(2026, 10, 22, 4, 28, 23, 842)],
		["2026-11-22T04:28:23Z", Date.UTC(2026, 10, 22, 4, 28, 23)],
		["2026-11-22T04:28Z", Date.UTC(2026, 10, 22, 4, 28)],
		["2026-11-22T04:28:23.842999Z", Date.UTC(2026, 10, 22, 4, 28, 23, 842)],
		["2026-11-22T04:28:23+05:30", Date.UTC(2026, 10, 21, 22, 58, 23)],
		["2026-11-22T04:28:23-01:00", Date.UTC(2026, 10, 22, 5, 28, 23)],
		["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
		["0001-01-01T00:00:00Z", -62_135_596_800_000],
	])("reads %s", (text, expected) => {
		expect(timestampMs(text)).toBe(expected);
	});

	it("T23 reads the year 9999", () => {
		expect(timestampMs("9999-12-31T23:59:59.999Z")).toBe(253_402_300_799_999);
	});

	it("reads what toISOString writes", () => {
		const years = { min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z") };
		fc.assert(
			fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
				expect(timestampMs(date.toISOString())).toBe(date.getTime());
			}),
		);
	});

	it.each([
		"",
		"NaN",
		"never",
		"1795321703842",
		"2026-11-22",
		"2026-11-22T04:28:23",
		"2026-11-22 04:28:23Z",
		"2026-11-22T04:28:23z",
		"2026-11-22T04:28:23 Z",
		" 2026-11-22T04:28:23Z",
		"2026-11-22T04:28:23Z\n",
		"2026-11-22T04:28:23.Z",
		"2026-11-22T04:28:23.1234567890Z",
		"2026-11-22T04:28:23+0530",
		"2026-11-22T04:28:61Z",
		"2026-11-22T25:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2026-02-30T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"+102026-01-01T00:00:00Z",
		"Sun, 22 Nov 2026 04:28:23 GMT",
	])("T23 is NaN for %j", (text) => {
		expect(timestampMs(text)).toBeNaN();
	});
});
