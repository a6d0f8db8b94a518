import { describe, expect, it } from "vitest";
import { JsonReader } from "../src/json-reader.js";

const reader = (text: string) => new JsonReader(text, (position) => new SyntaxError(`at ${position}`));

describe("JsonReader", () => {
	it.each([
		['"a"', "text"],
		["-1", "number"],
		["7", "number"],
		["true", "boolean"],
		["false", "boolean"],
		["null", "null"],
		["[]", "array"],
		[" \n{}", "object"],
	])("tells the kind of %j without reading it", (text, kind) => {
		const one = reader(text);
		expect(one.next()).toBe(kind);
		expect(one.next()).toBe(kind);
	});

	it.each(["", " ", "x", "}", ":", "+1", "'a'", "\u00a0"])("tells no kind for %j", (text) => {
		expect(() => reader(text).next()).toThrow(SyntaxError);
	});

	it("shows names in order, duplicates too", () => {
		const one = reader('{"b":1,"a":"x","b":true}');
		const seen: string[] = [];
		const positions: number[] = [];
		for (const name of one.members()) {
			positions.push(one.position);
			const kind = one.next();
			seen.push(`${name}=${kind === "text" ? one.text() : kind === "number" ? one.number() : one.boolean()}`);
		}
		one.end();
		expect(seen).toEqual(["b=1", "a=x", "b=true"]);
		expect(positions).toEqual([5, 11, 19]);
	});

	it("counts positions from 0, past white space", () => {
		expect(() => reader('  "abc').text()).toThrow("at 6");
		expect(() => [...reader(" {} x").members()]).not.toThrow();
		expect(() => reader("  x").end()).toThrow("at 2");
		expect(() => [...reader('{"a" 1}').members()]).toThrow("at 5");
	});

	it("refuses a value of another kind than asked for", () => {
		expect(() => reader("1").text()).toThrow("at 0");
		expect(() => reader("true").number()).toThrow("at 0");
		expect(() => reader("1").boolean()).toThrow("at 0");
		expect(() => [...reader("[]").members()]).toThrow("at 0");
	});
});
