import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPackedHeaders } from "../src/packed-headers.js";
import { secretsOf } from "./secrets.js";

async function read(payload: unknown) {
	return readPackedHeaders(await secretsOf(payload));
}

describe("readPackedHeaders", () => {
	it("knows no headers before there are secrets", () => {
		expect(readPackedHeaders(undefined)).toEqual({ headers: {}, problems: [] });
	});

	it.each([
		["a flat payload", { CLEF_TELEMETRY_HEADERS: "X-Key=abc,authorization=Basic%20dTpw" }],
		[
			"a namespace",
			{ app: { A: "1" }, otel: { CLEF_TELEMETRY_HEADERS: "X-Key=abc,authorization=Basic dTpw" } },
		],
		[
			"a payload with a token besides",
			{ CLEF_TELEMETRY_HEADERS: "x-key=abc,authorization=Basic dTpw", CLEF_TELEMETRY_TOKEN: "t" },
		],
	])("reads a list of headers from %s", async (_, payload) => {
		expect(await read(payload)).toEqual({
			headers: { "x-key": "abc", authorization: "Basic dTpw" },
			problems: [],
		});
	});

	it.each([
		["a flat payload", { CLEF_TELEMETRY_TOKEN: "t0ken" }],
		["a namespace", { otel: { CLEF_TELEMETRY_TOKEN: "t0ken" } }],
		["a payload whose list is empty", { CLEF_TELEMETRY_TOKEN: "t0ken", CLEF_TELEMETRY_HEADERS: " " }],
	])("reads a bearer token from %s", async (_, payload) => {
		expect(await read(payload)).toEqual({ headers: { authorization: "Bearer t0ken" }, problems: [] });
	});

	it("takes a name that two namespaces have for absent, and says so", async () => {
		const list = { CLEF_TELEMETRY_HEADERS: "a=b" };
		expect(await read({ one: list, two: list, three: { CLEF_TELEMETRY_TOKEN: "t0ken" } })).toEqual({
			headers: { authorization: "Bearer t0ken" },
			problems: [
				"telemetry does without CLEF_TELEMETRY_HEADERS: more than one namespace of the packed secrets has it",
			],
		});
	});

	it.each([
		["a line break", { CLEF_TELEMETRY_HEADERS: "x-key=a%0d%0ab,good=1" }],
		["a raw line break", { CLEF_TELEMETRY_HEADERS: "x-key=a\r\nb,good=1" }],
		["a name that is no token", { CLEF_TELEMETRY_HEADERS: "x key=a,good=1" }],
		["a value beyond Latin-1", { CLEF_TELEMETRY_HEADERS: "x-key=%E2%82%AC,good=1" }],
		["a header of the transport", { CLEF_TELEMETRY_HEADERS: "Content-Length=9,host=evil,good=1" }],
		["a header that fetch refuses", { CLEF_TELEMETRY_HEADERS: "Keep-Alive=timeout%3D5,good=1" }],
	])("leaves a header with %s out and shows nothing of it", async (_, payload) => {
		expect(await read(payload)).toEqual({
			headers: { good: "1" },
			problems: ["telemetry leaves a header of CLEF_TELEMETRY_HEADERS out: it is not one that can be sent"],
		});
	});

	it("leaves a token with a line break out", async () => {
		expect(await read({ CLEF_TELEMETRY_TOKEN: "t0ken\n" })).toEqual({
			headers: {},
			problems: ["telemetry leaves a header of CLEF_TELEMETRY_TOKEN out: it is not one that can be sent"],
		});
	});

	it("gives only headers that Node sends, and shows no value, whatever was packed", async () => {
		await fc.assert(
			fc.asyncProperty(fc.string({ minLength: 4, unit: "binary" }), async (text) => {
				const { headers, problems } = await read({
					CLEF_TELEMETRY_HEADERS: text,
					CLEF_TELEMETRY_TOKEN: text,
				});
				expect(() => new Headers(headers)).not.toThrow();
				for (const problem of problems)
					expect(problem).toMatch(/^telemetry leaves a header of CLEF_\w+ out: /);
			}),
			{ numRuns: 30 },
		);
	});
});
