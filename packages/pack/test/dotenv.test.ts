import { parseEnv } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { secretsFromDotenv } from "../src/index.js";
import { refusal } from "./refusal.js";

function read(text: string): Record<string, string> {
	return JSON.parse(Buffer.from(secretsFromDotenv(text)).toString());
}

describe("secretsFromDotenv", () => {
	it("reads names, quotes, comments and blank lines", () => {
		const text = [
			"# a comment",
			"",
			"PLAIN=value",
			"export EXPORTED = spaced  ",
			'DOUBLE="two words # not a comment"',
			"SINGLE='it is \"quoted\"'",
			'BACKTICK=`it\'s "both"`',
			"COMMENTED=value # a comment",
			"EMPTY=",
			"EMPTY_QUOTED=''",
			"URL=postgres://app:p%40ss@db:5432/app?x=1",
			"dotted.name-x=1",
		].join("\n");
		expect(read(text)).toEqual({
			PLAIN: "value",
			EXPORTED: "spaced",
			DOUBLE: "two words # not a comment",
			SINGLE: 'it is "quoted"',
			BACKTICK: 'it\'s "both"',
			COMMENTED: "value",
			EMPTY: "",
			EMPTY_QUOTED: "",
			URL: "postgres://app:p%40ss@db:5432/app?x=1",
			"dotted.name-x": "1",
		});
	});

	it("keeps line breaks in quotes, and reads \\n between double quotes only", () => {
		const pem = "-----BEGIN-----\nabc\n-----END-----";
		expect(read(`A="${pem}"\nB='a\\nb'\nC="a\\nb"\nD=a\\nb`)).toEqual({
			A: pem,
			B: "a\\nb",
			C: "a\nb",
			D: "a\\nb",
		});
	});

	it("takes a byte-order mark and any line ending", () => {
		expect(read("\uFEFFA=1\r\nB='x\r\ny'\rC=3")).toEqual({ A: "1", B: "x\ny", C: "3" });
	});

	it("A16 treats names of built-in properties like any other", () => {
		const payload = Buffer.from(secretsFromDotenv("__proto__=a\nconstructor=b\ntoString=c\n")).toString();
		expect(payload).toBe('{"__proto__":"a","constructor":"b","toString":"c"}');
	});

	it("reads every value as Node's own parser does", () => {
		const value = fc.oneof(
			fc.stringMatching(/^[A-Za-z0-9:/?=%@.,_-]{1,20}$/),
			fc.stringMatching(/^"[A-Za-z0-9 #'`=\n]{0,20}"$/),
			fc.stringMatching(/^'[A-Za-z0-9 #"`=\n]{0,20}'$/),
			fc.stringMatching(/^`[A-Za-z0-9 #'"=\n]{0,20}`$/),
		);
		fc.assert(
			fc.property(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,10}$/), value, (name, written) => {
				expect(read(`${name}=${written}\n`)).toEqual({ ...parseEnv(`${name}=${written}\n`) });
			}),
		);
	});

	it.each([
		["a line without =", "A=1\nhush\nB=2", 2],
		["a name with a space", "A=1\nB hush=2", 2],
		["a name that starts with a digit", "1hush=2", 1],
		["no name", "=hush", 1],
		["an unquoted # inside a value", "A=1\n\nPASSWORD=hush#hush", 3],
		["an unquoted # first in a value", "PASSWORD=#hush", 1],
		["a quote that is not closed", 'A=1\nB="hush\nC=3', 2],
		["text after a quote", 'A="x"hush', 1],
		["an escaped quote", 'A="x\\"hush"', 1],
	])("refuses %s, where a value would be dropped or cut, naming the line", async (_, text, line) => {
		const error = await refusal(() => secretsFromDotenv(text));
		expect(error.code).toBe("PACK_INPUT_INVALID");
		expect(error.message).toMatch(new RegExp(`^Line ${line} of the dotenv file is not NAME=value; `));
		expect(error.message).not.toContain("hush");
	});

	it("refuses a repeated name by name", async () => {
		const error = await refusal(() => secretsFromDotenv("A=hush\nB=2\nA=hush"));
		expect(error.message).toBe("The dotenv file sets A twice; keep one of them.");
	});

	it.each(["", "\n\n", "# only a comment"])("refuses a file that sets nothing: %j", async (text) => {
		expect((await refusal(() => secretsFromDotenv(text))).message).toMatch(/sets no variable/);
	});
});
