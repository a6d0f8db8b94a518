import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entityTag, matchesEntityTag } from "../src/entity-tag.js";

describe("entityTag", () => {
	it.each([
		["1732249800-ab12cd", '"1732249800-ab12cd"'],
		["2026-11-22T04:30:00.000Z", '"2026-11-22T04:30:00.000Z"'],
		['a"b', '"a%22b"'],
		["a b", '"a%20b"'],
		["größe", '"gr%C3%B6%C3%9Fe"'],
		["r1;flat", '"r1%3Bflat"'],
		["\ud800", '"%EF%BF%BD"'],
		["", '""'],
	])("of %j is %s", (revision, tag) => {
		expect(entityTag(revision, "packed")).toBe(tag);
		expect(entityTag(revision, "flat")).toBe(`${tag.slice(0, -1)};flat"`);
	});

	it("is a valid header value, differs by format, and matches itself in any list", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (revision) => {
				const tag = entityTag(revision, "packed");
				expect(new Headers({ ETag: tag }).get("ETag")).toBe(tag);
				expect(entityTag(revision, "flat")).not.toBe(tag);
				expect(matchesEntityTag(`"x", W/${tag}`, tag)).toBe(true);
				expect(matchesEntityTag(entityTag(revision, "flat"), tag)).toBe(false);
			}),
		);
	});
});

describe("matchesEntityTag", () => {
	it.each([
		['"a"', true],
		['W/"a"', true],
		['"b" , "a"', true],
		[" * ", true],
		["a", false],
		['"a', false],
		['"b","c"', false],
		['"*"', false],
		["", false],
	])("%j against the tag a is %s", (condition, matches) => {
		expect(matchesEntityTag(condition, '"a"')).toBe(matches);
	});
});
