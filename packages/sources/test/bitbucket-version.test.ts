import { describe, expect, it } from "vitest";
import { fromValidator, isCommit, toValidator } from "../src/bitbucket-version.js";

const commit = "0123456789abcdef0123456789abcdef01234567";
const PATH = ".clef/packed/api/live.age.json";

describe("a Bitbucket version", () => {
	it.each(['"strong"', 'W/"weak"', '"with space"', undefined])("with ETag %s survives as JSON", (etag) => {
		const stored = JSON.parse(JSON.stringify(toValidator({ commit, etag }, PATH))) as object;
		expect(fromValidator(stored, PATH)).toEqual({ commit, etag });
	});

	it.each([
		undefined,
		{},
		{ etag: "" },
		{ etag: '"other"' },
		{ etag: commit },
		{ etag: `${commit.slice(1)}:${PATH}` },
		{ etag: `${commit}:other` },
		{ lastModified: "Mon, 01 Jan 2024 00:00:00 GMT" },
	])("is not read out of %j", (validator) => {
		expect(fromValidator(validator, PATH)).toBeUndefined();
	});

	it.each([
		[commit, true],
		["a".repeat(64), true],
		["a".repeat(41), false],
		[commit.toUpperCase(), false],
		["main", false],
		[undefined, false],
		[1, false],
	])("knows whether %s is a commit", (text, is) => {
		expect(isCommit(text)).toBe(is);
	});
});
