import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSecrets, parseSecretsInSteps } from "../src/index.js";
import { parseText, Refused, refusedSentence, secretsOf } from "./payload.js";

describe("parseSecrets, values", () => {
	it.each([
		["1.0", "1.0"],
		["-0", "-0"],
		["0", "0"],
		["1e5", "1e5"],
		["1E+05", "1E+05"],
		["-12.50e-3", "-12.50e-3"],
		["12345678901234567890", "12345678901234567890"],
		["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
		["1e400", "1e400"],
		["true", "true"],
		["false", "false"],
	])("takes %s as the text it was written as", (source, expected) => {
		expect(parseText(`{"A":${source}}`).reveal()).toEqual({ A: expected });
		expect(parseText(`{"n":{"A": ${source} }}`).reveal()).toEqual({ n: { A: expected } });
	});

	it("resolves every escape", () => {
		const text = '{"A":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"}';
		expect(parseText(text).reveal()).toEqual({ A: '"\\/\b\f\n\r\té😀' });
	});

	it("resolves escapes in names, and tells two spellings of one name", () => {
		expect(parseText('{"\\u0041":"1"}').names()).toEqual(["A"]);
		expect(refusedSentence('{"\\u0041":"1","A":"2"}')).toContain('The name "A" occurs twice');
	});

	it("takes a backslash at the end of a value for what it is", () => {
		expect(parseText('{"A":"C:\\\\","B":"\\\\\\""}').reveal()).toEqual({ A: "C:\\", B: '\\"' });
	});

	it("allows white space anywhere between, and a byte order mark", () => {
		const text = '\ufeff \t\r\n{ "n" \n:\t{ "A" : "1" , "B":\r\n 2 } , "m" : { } }\n ';
		expect(parseText(text).reveal()).toEqual({ n: { A: "1", B: "2" }, m: {} });
	});

	it("knows an object of empty namespaces from an empty object", () => {
		expect(parseText('{"n":{}}')).toMatchObject({ shape: "namespaced", size: 0 });
		expect(parseText("{}")).toMatchObject({ shape: "flat", size: 0 });
	});

	it("A16 takes 100,000 keys, flat and namespaced", { timeout: 30_000 }, () => {
		const keys = Object.fromEntries(
			Array.from({ length: 100_000 }, (_, index) => [`KEY_${index}`, `value ${index}`]),
		);
		const flat = secretsOf(keys);
		expect(flat.size).toBe(100_000);
		expect(flat.find("KEY_99999")).toEqual({ status: "found", value: "value 99999" });
		const namespaced = secretsOf({ big: keys });
		expect(namespaced.findIn("big", "KEY_50000")).toBe("value 50000");
		expect(namespaced.names()).toHaveLength(100_000);
	});

	it("A16 takes a value of 1 MB, with escapes and without", () => {
		for (const value of ["x".repeat(1_048_576), "\\\n".repeat(524_288), "1".repeat(1_048_576)]) {
			expect(secretsOf({ BIG: value }).find("BIG")).toEqual({ status: "found", value });
		}
		const digits = "1".repeat(1_048_576);
		expect(parseText(`{"BIG":${digits}}`).find("BIG")).toEqual({ status: "found", value: digits });
	});
});

describe("parseSecrets, refusals by name", () => {
	it.each([
		['"hunter2"', "The secrets are text"],
		["42", "The secrets are a number"],
		["true", "The secrets are a boolean"],
		["null", "The secrets are null"],
		["[]", "The secrets are a list"],
		['[{"A":"1"}]', "The secrets are a list"],
	])("A16 refuses the payload %s", (text, expected) => {
		expect(refusedSentence(text)).toContain(expected);
	});

	it.each([
		['{"A":null}', 'The value of "A" is null'],
		['{"A":["hunter2"]}', 'The value of "A" is a list'],
		['{"n":{"A":null}}', 'The value of "n"."A" is null'],
		['{"n":{"A":["hunter2"]}}', 'The value of "n"."A" is a list'],
		['{"n":{"A":{"B":"hunter2"}}}', 'The value of "n"."A" is an object'],
		['{"n":{"ok":"hunter2","__proto__":{}}}', 'The value of "n"."__proto__" is an object'],
		['{"A":"hunter2","A":"hunter2"}', 'The name "A" occurs twice'],
		['{"A":"hunter2","A":{"B":"hunter2"}}', 'The name "A" occurs twice'],
		['{"n":{},"n":{}}', 'The name "n" occurs twice'],
		['{"n":{"A":"hunter2","A":"hunter2"}}', 'The name "n"."A" occurs twice'],
		['{"__proto__":"hunter2","__proto__":"hunter2"}', 'The name "__proto__" occurs twice'],
		['{"A":"hunter2","n":{"B":"hunter2"}}', 'The name "n" is a namespace beside values'],
		['{"n":{"B":"hunter2"},"A":"hunter2"}', 'The name "A" is a value beside namespaces'],
		['{"n":{},"A":7}', 'The name "A" is a value beside namespaces'],
	])("A16 refuses %s, and shows no value", (text, expected) => {
		const sentence = refusedSentence(text);
		expect(sentence).toContain(expected);
		expect(sentence).not.toContain("hunter2");
	});

	it("A16 refuses nesting without end by its first name, however deep", () => {
		const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
		expect(refusedSentence(deep)).toContain('The value of "a"."a" is an object');
	});

	it("names a strange name on one line, cut short", () => {
		const sentence = refusedSentence(JSON.stringify({ [`a\n\u0085${"x".repeat(1_000)}`]: null }));
		expect(sentence).toContain('"a\\n\ufffd');
		expect(sentence.length).toBeLessThan(250);
	});
});

describe("parseSecrets, what is not JSON", () => {
	it.each([
		"",
		" ",
		"{",
		"}",
		"{,}",
		'{"A"}',
		'{"A":}',
		'{"A":"1"',
		'{"A":"1",}',
		'{"A":"1","B"',
		'{"A":"1" "B":"2"}',
		'{"A":"1"}}',
		'{"A":"1"}x',
		'{"A":"1"}{}',
		"{A:1}",
		"{'A':'1'}",
		"{\"A\":'1'}",
		'{"A":"1}',
		'{"A":"1\\',
		'{"A":"1\\"}',
		'{"A":"\\x41"}',
		'{"A":"\\u00g0"}',
		'{"A":"tab\there"}',
		'{"A":"line\nbreak"}',
		'{"A":"nul\u0000"}',
		'{"A":"\\\n"}',
		'{"A":01}',
		'{"A":1.}',
		'{"A":.5}',
		'{"A":+1}',
		'{"A":-}',
		'{"A":1e}',
		'{"A":0x10}',
		'{"A":1_000}',
		'{"A":NaN}',
		'{"A":Infinity}',
		'{"A":tru}',
		'{"A":True}',
		'{"A":truex}',
		'{"A":falsey}',
		'{"A":undefined}',
		'{"A":"1"//comment\n}',
		'{"A":\u00a0"1"}',
		'{"n":{"A":"1"}',
		'{"n":{"A":"1",}}',
	])("refuses %j", (text) => {
		expect(refusedSentence(text)).toContain("The secrets are not valid JSON at character");
		expect(() => JSON.parse(text)).toThrow(SyntaxError);
	});

	it("says where, and shows nothing of the text", () => {
		expect(refusedSentence('{"A":"hunter2" "B"}')).toBe(
			"The secrets are not valid JSON at character 16; pack them again.",
		);
	});

	it("refuses what is not UTF-8", () => {
		for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
			const payload = Buffer.concat([Buffer.from('{"A":"'), Buffer.from(bytes), Buffer.from('"}')]);
			const parse = () => parseSecrets(payload, (sentence) => new Refused(sentence));
			expect(parse).toThrow(Refused);
			expect(parse).toThrow("The secrets are not UTF-8 text");
		}
	});

	it("throws exactly the error it is given", () => {
		const error = new Refused("mine");
		expect(() => parseSecrets(Buffer.from("["), () => error)).toThrow(error);
	});
});

describe("parseSecretsInSteps", () => {
	const flat = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`KEY_${n}`, "x".repeat(20)]));
	const refuse = (sentence: string) => new Refused(sentence);

	it.each([
		["flat", flat],
		["of one namespace", { all: flat }],
		["of many namespaces", Object.fromEntries(Object.entries(flat).map(([name, A]) => [name, { A }]))],
	])("pauses once in each so many characters of a payload that is %s", (_, payload) => {
		const source = JSON.stringify(payload);
		const steps = parseSecretsInSteps(Buffer.from(source), refuse, 500);
		let pauses = 0;
		let step = steps.next();
		for (; step.done !== true; step = steps.next()) pauses += 1;
		// A step ends with a value, so each may be longer by one.
		expect(pauses).toBeGreaterThanOrEqual(Math.floor(source.length / (500 + 50)));
		expect(pauses).toBeLessThanOrEqual(source.length / 500);
		expect(JSON.stringify(step.value.reveal())).toBe(source);
	});

	it("needs the payload only until the first pause", () => {
		const payload = Buffer.from(JSON.stringify(flat));
		const steps = parseSecretsInSteps(payload, refuse, 500);
		expect(steps.next().done).toBe(false);
		payload.fill(0);
		let step = steps.next();
		while (step.done !== true) step = steps.next();
		expect(step.value.reveal()).toEqual(withoutPrototypes(flat));
	});
});

describe("parseSecrets, against JSON.parse", () => {
	const text = fc.oneof(
		fc.string(),
		fc.string({ unit: "binary" }),
		fc.constantFrom("__proto__", "toString", "\\", '"'),
	);
	const keys = fc.dictionary(text, text);

	it("reads every flat payload alike, indented or not", () => {
		fc.assert(
			fc.property(keys, fc.nat({ max: 4 }), (payload, indent) => {
				const source = JSON.stringify(payload, null, indent);
				expect(parseText(source).reveal()).toEqual(withoutPrototypes(JSON.parse(source)));
			}),
		);
	});

	it("reads every namespaced payload alike, indented or not", () => {
		fc.assert(
			fc.property(fc.dictionary(text, keys, { minKeys: 1 }), fc.nat({ max: 4 }), (payload, indent) => {
				const source = JSON.stringify(payload, null, indent);
				expect(parseText(source).reveal()).toEqual(withoutPrototypes(JSON.parse(source)));
			}),
		);
	});

	it("accepts a JSON value exactly when it is flat or namespaced", () => {
		fc.assert(
			fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
				expect(accepts(JSON.stringify(value))).toBe(isPayload(value));
			}),
			{ numRuns: 500 },
		);
	});

	it("accepts no text that JSON.parse refuses", () => {
		const token = fc.constantFrom(
			"{",
			"}",
			"[",
			"]",
			":",
			",",
			'"',
			'"A"',
			"\\",
			"1",
			"-",
			".",
			"e",
			"true",
			" ",
			"\n",
			"\u0001",
		);
		fc.assert(
			fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
				const source = tokens.join("");
				for (const candidate of [source, `{"A":${source}}`, `{"A":"${source}"}`, `{"n":{${source}}}`]) {
					if (accepts(candidate)) expect(() => JSON.parse(candidate)).not.toThrow();
				}
			}),
			{ numRuns: 1_000 },
		);
	});
});

function accepts(text: string): boolean {
	try {
		parseText(text);
		return true;
	} catch (error) {
		expect(error).toBeInstanceOf(Refused);
		return false;
	}
}

function isPayload(value: unknown): boolean {
	if (!isObject(value)) return false;
	const values = Object.values(value);
	return (
		values.every(isScalar) || values.every((inner) => isObject(inner) && Object.values(inner).every(isScalar))
	);
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
	return ["string", "number", "boolean"].includes(typeof value);
}

/** A copy whose objects have no prototype, as revealed secrets have none. */
function withoutPrototypes(value: unknown): unknown {
	if (!isObject(value)) return value;
	const copy: Record<string, unknown> = Object.create(null);
	for (const [name, inner] of Object.entries(value)) copy[name] = withoutPrototypes(inner);
	return copy;
}
