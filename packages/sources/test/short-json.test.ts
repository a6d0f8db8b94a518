import { describe, expect, it, vi } from "vitest";
import { LONGEST_REMARK_BYTES, shortJson } from "../src/short-json.js";

const padded = (length: number) => Buffer.from(`${JSON.stringify({ message: "why" }).padEnd(length)}`);

describe("shortJson", () => {
	it.each(["", "<html>", "null", "7", "[]", '{"message":'])("takes %j for nothing said", (text) => {
		expect(Object.keys(shortJson(Buffer.from(text)))).toEqual([]);
	});

	it("T17 does not take apart what is longer than anything an API says", () => {
		expect(shortJson(padded(LONGEST_REMARK_BYTES))).toEqual({ message: "why" });
		const parse = vi.spyOn(JSON, "parse");
		expect(shortJson(padded(LONGEST_REMARK_BYTES + 1))).toEqual({});
		expect(parse).not.toHaveBeenCalled();
	});
});
