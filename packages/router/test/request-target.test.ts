import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodedPath, isPlainTarget } from "../src/request-target.js";

describe("isPlainTarget", () => {
	it.each([
		"/",
		"/v1/secrets",
		"/v1/secrets?format=flat",
		"/v1/secrets/a%2Fb",
		"/v1/secrets/a%5Cb",
		"/v1/secrets/.env",
		"/v1/secrets/..%2fhealth",
		"/v1/secrets/...",
		"/v1/secrets/%252e%252e",
		"/v1/secrets/caf%C3%A9",
		"/v1/secrets/a%0Ab",
		"/x?next=/../y",
		'/v1/secrets/"{}|^`<>',
		"//v1//secrets",
		"/v1/secrets/!~",
		"/v1/secrets?a=%23",
	])("%s means what it says", (target) => {
		expect(isPlainTarget(target)).toBe(true);
	});

	it.each([
		"",
		"*",
		"v1/health",
		"http://localhost/v1/health",
		"/v1/secrets/../health",
		"/v1/secrets/./health",
		"/v1/secrets/%2e%2e/health",
		"/v1/secrets/%2E./health",
		"/v1/secrets/.%2e",
		"/v1/secrets/%2e?x",
		"/v1/secrets/..",
		"/v1/secrets\\..\\health",
		"/v1/health#x",
		"/v1/secrets/%00",
		"/v1/secrets/\0",
		"/v1/secrets/a b",
		"/v1/secrets/a\tb",
		"/v1/secrets/caf\u00e9",
		"/v1/secrets/%",
		"/v1/secrets/%zz",
		"/v1/secrets/%e2%28",
		"/v1/secrets/\x7f",
		"/v1/secrets?a=#",
		"/v1/secrets?a=\\",
		"?/v1/secrets",
	])("L33 %j is refused", (target) => {
		expect(isPlainTarget(target)).toBe(false);
	});

	it("L33 whatever is accepted keeps its path through a URL parser", () => {
		const part = fc.constantFrom(
			"/",
			".",
			"%2e",
			"%2E",
			"\\",
			"a",
			"?",
			"%00",
			"%41",
			"%",
			"%2f",
			"#",
			"\t",
			"é",
		);
		fc.assert(
			fc.property(fc.array(part), (parts) => {
				const target = `/${parts.join("")}`;
				fc.pre(isPlainTarget(target));
				expect(encodedPath(new Request(`http://localhost${target}`))).toBe(target.replace(/\?.*/, ""));
			}),
			{ numRuns: 2000 },
		);
	});
});

describe("encodedPath", () => {
	it.each([
		["http://localhost/", "/"],
		["http://localhost/v1/health", "/v1/health"],
		["http://localhost:7779/v1/secrets/a%2Fb?x=1", "/v1/secrets/a%2Fb"],
		["http://localhost//v1?/x", "//v1"],
	])("of %s is %s", (url, path) => {
		expect(encodedPath(new Request(url))).toBe(path);
	});
});
