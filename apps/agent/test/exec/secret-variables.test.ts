import { parseSecrets } from "@clef-sh/artifact";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Naming } from "../../src/exec/exec-options.js";
import { secretVariables } from "../../src/exec/secret-variables.js";
import { steersPrograms } from "../../src/exec/steering-names.js";

const ALL: Naming = { prefix: "", only: undefined, mapped: [] };

function variables(secrets: object, naming: Partial<Naming> = {}): Record<string, string> {
	const payload = Buffer.from(JSON.stringify(secrets));
	const parsed = parseSecrets(payload, (message) => new RangeError(message));
	return { ...secretVariables(parsed, { ...ALL, ...naming }) };
}

const NAMESPACED = { db: { HOST: "h", KEY: "db-key" }, pay: { KEY: "pay-key" } };

it("names them by key where that is unique, else with the namespace", () => {
	expect(variables({ A: "1", B: "" })).toEqual({ A: "1", B: "" });
	expect(variables(NAMESPACED)).toEqual({ HOST: "h", db__KEY: "db-key", pay__KEY: "pay-key" });
});

it("gives a name that does not depend on what is chosen", () => {
	expect(variables(NAMESPACED, { only: ["db__KEY", "HOST", "HOST"] })).toEqual({
		db__KEY: "db-key",
		HOST: "h",
	});
	expect(variables(NAMESPACED, { prefix: "P_", only: ["db__HOST"] })).toEqual({ P_HOST: "h" });
});

it("gives what is mapped that name alone, without a prefix, and twice where that was asked for", () => {
	const mapped = [
		{ variable: "X", secret: "db__KEY" },
		{ variable: "Y", secret: "db__KEY" },
		{ variable: "X", secret: "db__KEY" },
	];
	expect(variables(NAMESPACED, { prefix: "P_", mapped })).toEqual({
		X: "db-key",
		Y: "db-key",
		P_HOST: "h",
		P_pay__KEY: "pay-key",
	});
	expect(variables(NAMESPACED, { only: [], mapped })).toEqual({ X: "db-key", Y: "db-key" });
});

it("leaves out what is packed for the agent's telemetry, unless it is named", () => {
	const secrets = { CLEF_TELEMETRY_HEADERS: "k=v", CLEF_TELEMETRY_TOKEN: "t", A: "1" };
	expect(variables(secrets)).toEqual({ A: "1" });
	expect(variables(secrets, { only: ["CLEF_TELEMETRY_TOKEN"] })).toEqual({ CLEF_TELEMETRY_TOKEN: "t" });
});

it("takes names of JavaScript's own for ordinary ones", () => {
	const parsed = parseSecrets(Buffer.from('{"__proto__":"p","constructor":"c"}'), () => new RangeError());
	expect(Object.entries(secretVariables(parsed, ALL))).toEqual([
		["__proto__", "p"],
		["constructor", "c"],
	]);
});

describe("D39 refuses by name, without a value", () => {
	it.each([
		["PATH", { PATH: "the-value" }, '"PATH" would be "PATH", which steers'],
		["in a namespace", { db: { LD_PRELOAD: "the-value" } }, '"db__LD_PRELOAD" would be "LD_PRELOAD"'],
		["NUL", { A: "the-value\0" }, 'the value of "A" has a NUL character'],
		["half a character", { A: "the-value\udc00" }, 'the value of "A" has half a character'],
		["=", { "A=B": "the-value" }, '"A=B" cannot be the name of a variable'],
		["half a character in a name", { "\ud800": "the-value" }, "cannot be the name"],
		["empty", { "": "the-value" }, '"" cannot be the name of a variable'],
		["control characters", { "\u001b[2J=\u202e": "the-value" }, '"\\u001b[2J=?"'],
		["collision", { a: { B: "1", a__B: "the-value" }, c: { B: "2" } }, 'both be "a__B"'],
	])("%s", (_, secrets, sentence) => {
		const refusal = { code: "COMMAND_ENVIRONMENT", message: expect.stringContaining(sentence) };
		expect(() => variables(secrets)).toThrow(expect.objectContaining(refusal));
		expect(() => variables(secrets)).toThrow(
			expect.objectContaining({ message: expect.not.stringContaining("the-value") }),
		);
	});

	it("names that nothing has, or several have", () => {
		const mapped = [{ variable: "V", secret: "KEY" }];
		expect(() => variables(NAMESPACED, { only: ["NO", "HOST"], mapped })).toThrow(
			'--map names "KEY", which could be any of "db__KEY", "pay__KEY"; ' +
				'--only names "NO", which the artifact does not hold',
		);
	});

	it("two under one mapped name", () => {
		const mapped = [
			{ variable: "V", secret: "HOST" },
			{ variable: "V", secret: "pay__KEY" },
		];
		expect(() => variables(NAMESPACED, { mapped })).toThrow('"db__HOST" and "pay__KEY" would both be "V"');
	});
});

it("D39 lets a name through that was mapped on purpose, or that a prefix makes harmless", () => {
	expect(variables({ PATH: "p" }, { mapped: [{ variable: "PATH", secret: "PATH" }] })).toEqual({ PATH: "p" });
	expect(variables({ PATH: "p" }, { prefix: "APP_" })).toEqual({ APP_PATH: "p" });
	expect(() => variables({ PRELOAD: "p" }, { prefix: "LD_" })).toThrow("steers");
});

it.each(["PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "BASH_FUNC_ls%%", "PYTHONSTARTUP", "GIT_CONFIG_COUNT"])(
	"D39 %s steers programs",
	(name) => expect(steersPrograms(name)).toBe(true),
);

it.each([
	"DATABASE_URL",
	"NODE_AUTH_TOKEN",
	"GIT_TOKEN",
	"BUNDLE_GITHUB__COM",
	"PYTHON_KEY",
	"PATHS",
	"OLD_PATH",
])("%s does not", (name) => expect(steersPrograms(name)).toBe(false));

it("either gives exactly what was packed or refuses", () => {
	const secrets = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));
	fc.assert(
		fc.property(secrets, (flat) => {
			try {
				expect(Object.entries(variables(flat))).toEqual(Object.entries(flat));
			} catch (error) {
				if (!(error instanceof Error) || !("code" in error)) throw error;
				const names = Object.entries(flat).filter(
					([name, value]) => /[=\0]|^$/.test(name) || value.includes("\0"),
				);
				expect(names).not.toEqual([]);
			}
		}),
	);
});
