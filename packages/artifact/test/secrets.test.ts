import { inspect } from "node:util";
import { vectorSecrets } from "@clef-sh/testkit/vectors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseText, secretsOf } from "./payload.js";

const AWKWARD_NAMES = [
	"__proto__",
	"constructor",
	"toString",
	"hasOwnProperty",
	"success",
	"data",
	"length",
	"",
	" ",
	"a/b",
	"50%",
	"%2e%2e",
	"with space",
	"dotted.name",
	"a__b",
	"__",
	"ünïcødé ✓ 😀",
	"0",
	"line\nbreak",
	"nul\u0000",
];

describe("Secrets, namespaced", () => {
	const secrets = secretsOf(vectorSecrets);

	it("tells its shape and how many values it has", () => {
		expect(secrets.shape).toBe("namespaced");
		expect(secrets.size).toBe(8);
	});

	it("lists names with their namespace, sorted", () => {
		expect(secrets.names()).toEqual([
			"database__DB_HOST",
			"database__DB_PASSWORD",
			"database__DB_URL",
			"payments__API_KEY",
			"payments__STRIPE_KEY",
			"payments__WEBHOOK_SECRET",
			"search__API_KEY",
			"search__EMPTY",
		]);
	});

	it("finds a listed name", () => {
		expect(secrets.find("payments__API_KEY")).toEqual({ status: "found", value: "payments-key" });
		expect(secrets.find("search__EMPTY")).toEqual({ status: "found", value: "" });
	});

	it("finds a bare key that one namespace has, and not one that two have", () => {
		expect(secrets.find("DB_HOST")).toEqual({ status: "found", value: "db.internal" });
		expect(secrets.find("API_KEY")).toEqual({ status: "ambiguous" });
	});

	it.each([
		"",
		"NOPE",
		"db_host",
		"database",
		"database__",
		"database__NOPE",
		"search.EMPTY",
		...AWKWARD_NAMES,
	])("does not know %j", (name) => {
		expect(secrets.find(name)).toEqual({ status: "unknown" });
	});

	it("finds a key in its namespace, never ambiguous", () => {
		expect(secrets.findIn("payments", "API_KEY")).toBe("payments-key");
		expect(secrets.findIn("search", "API_KEY")).toBe("search-key");
		expect(secrets.findIn("search", "EMPTY")).toBe("");
		expect(secrets.findIn("search", "DB_HOST")).toBeUndefined();
		expect(secrets.findIn("nowhere", "API_KEY")).toBeUndefined();
		expect(secrets.findIn("constructor", "name")).toBeUndefined();
	});

	it("reveals the payload as it was packed", () => {
		expect(secrets.reveal()).toEqual(vectorSecrets);
		expect(JSON.parse(JSON.stringify(secrets.reveal()))).toEqual(vectorSecrets);
	});

	it("reveals copies: who changes one changes nothing else", () => {
		const copy = secrets.reveal() as Record<string, Record<string, string>>;
		copy.search = {};
		(copy.database ?? {}).DB_HOST = "changed";
		expect(secrets.reveal()).toEqual(vectorSecrets);
		expect(secrets.find("DB_HOST")).toEqual({ status: "found", value: "db.internal" });
	});

	it("flattens to listed names", () => {
		const flat = secrets.flatten();
		expect(Object.keys(flat ?? {}).sort()).toEqual(secrets.names());
		expect(flat?.database__DB_URL).toBe(vectorSecrets.database?.DB_URL);
	});
});

describe("Secrets, flat", () => {
	const secrets = secretsOf({ B: "2", A: "1", db__HOST: "h" });

	it("lists, finds, reveals and flattens names as they are", () => {
		expect(secrets.shape).toBe("flat");
		expect(secrets.size).toBe(3);
		expect(secrets.names()).toEqual(["A", "B", "db__HOST"]);
		expect(secrets.find("A")).toEqual({ status: "found", value: "1" });
		expect(secrets.find("db__HOST")).toEqual({ status: "found", value: "h" });
		expect(secrets.find("HOST")).toEqual({ status: "unknown" });
		expect(secrets.reveal()).toEqual({ B: "2", A: "1", db__HOST: "h" });
		expect(secrets.flatten()).toEqual({ B: "2", A: "1", db__HOST: "h" });
	});

	it("has no namespaces", () => {
		expect(secrets.findIn("db", "HOST")).toBeUndefined();
	});

	it("may be empty", () => {
		const empty = secretsOf({});
		expect(empty).toMatchObject({ shape: "flat", size: 0 });
		expect(empty.names()).toEqual([]);
		expect(empty.flatten()).toEqual({});
		expect(empty.reveal()).toEqual({});
	});
});

describe("Secrets, names that meet", () => {
	const colliding = secretsOf({ a: { b__c: "1", only: "x" }, a__b: { c: "2" } });

	it("A16 calls a listed name of two values ambiguous, and lists it once", () => {
		expect(colliding.find("a__b__c")).toEqual({ status: "ambiguous" });
		expect(colliding.names()).toEqual(["a__b__c", "a__only"]);
		expect(colliding.size).toBe(3);
	});

	it("A16 still finds both by namespace, and by bare key", () => {
		expect(colliding.findIn("a", "b__c")).toBe("1");
		expect(colliding.findIn("a__b", "c")).toBe("2");
		expect(colliding.find("b__c")).toEqual({ status: "found", value: "1" });
		expect(colliding.find("c")).toEqual({ status: "found", value: "2" });
	});

	it("A16 does not flatten, since one value would be lost", () => {
		expect(colliding.flatten()).toBeUndefined();
		expect(colliding.reveal()).toEqual({ a: { b__c: "1", only: "x" }, a__b: { c: "2" } });
	});

	it("prefers a listed name to a bare key", () => {
		const secrets = secretsOf({ a: { b: "listed" }, c: { a__b: "bare" } });
		expect(secrets.find("a__b")).toEqual({ status: "found", value: "listed" });
		expect(secrets.flatten()).toEqual({ a__b: "listed", c__a__b: "bare" });
	});
});

describe("Secrets, awkward names", () => {
	it.each(AWKWARD_NAMES)("A16 keeps the flat name %j exactly", (name) => {
		const secrets = parseText(`{${JSON.stringify(name)}:"value"}`);
		expect(secrets.names()).toEqual([name]);
		expect(secrets.find(name)).toEqual({ status: "found", value: "value" });
		expect(Object.entries(secrets.reveal())).toEqual([[name, "value"]]);
		expect(Object.entries(secrets.flatten() ?? {})).toEqual([[name, "value"]]);
		expect(JSON.stringify(secrets.reveal())).toBe(`{${JSON.stringify(name)}:"value"}`);
	});

	it.each(AWKWARD_NAMES)("A16 keeps the namespace and key %j exactly", (name) => {
		const quoted = JSON.stringify(name);
		const secrets = parseText(`{${quoted}:{${quoted}:"value"}}`);
		expect(secrets.findIn(name, name)).toBe("value");
		expect(secrets.names()).toEqual([`${name}__${name}`]);
		expect(secrets.find(`${name}__${name}`)).toEqual({ status: "found", value: "value" });
		expect(secrets.find(name)).toEqual({ status: "found", value: "value" });
		expect(JSON.stringify(secrets.reveal())).toBe(`{${quoted}:{${quoted}:"value"}}`);
	});

	it("A16 touches no prototype", () => {
		const revealed = parseText('{"__proto__":{"polluted":"yes"}}').reveal();
		expect(Object.getPrototypeOf(revealed)).toBeNull();
		expect(Object.keys(revealed)).toEqual(["__proto__"]);
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
		expect(Object.getPrototypeOf(secretsOf({ a: "b" }).flatten())).toBeNull();
	});
});

describe("Secrets, printed", () => {
	it.each([
		["flat", secretsOf({ DB_PASSWORD: "hunter2" })],
		["namespaced", secretsOf({ database: { DB_PASSWORD: "hunter2" } })],
	])("shows neither names nor values when %s", (_, secrets) => {
		secrets.find("DB_PASSWORD");
		const shown = [
			String(secrets),
			`${secrets}`,
			inspect(secrets),
			inspect({ deep: { secrets } }, { depth: 9, showHidden: true }),
			JSON.stringify(secrets),
			JSON.stringify({ secrets }),
			JSON.stringify(Object.entries(secrets)),
			JSON.stringify(structuredClone({ ...secrets })),
		].join("\n");
		expect(shown).not.toMatch(/DB_PASSWORD|hunter2|database/);
		expect(String(secrets)).toBe("Secrets {}");
		expect(inspect(secrets)).toBe("Secrets {}");
		expect(JSON.stringify(secrets)).toBe("{}");
	});

	it("cannot be changed", () => {
		expect(Object.isFrozen(secretsOf({ A: "1" }))).toBe(true);
	});
});

describe("Secrets, properties", () => {
	const name = fc.string({ maxLength: 6, unit: fc.constantFrom("a", "b", "_", "A") });

	it("finds every listed name with its value, unless two share it", () => {
		const payload = fc.dictionary(name, fc.dictionary(name, fc.string(), { minKeys: 1 }), { minKeys: 1 });
		fc.assert(
			fc.property(payload, (namespaces) => {
				const secrets = secretsOf(namespaces);
				const listed = Object.entries(namespaces).flatMap(([namespace, keys]) =>
					Object.entries(keys).map(([key, value]) => [`${namespace}__${key}`, value] as const),
				);
				expect(secrets.size).toBe(listed.length);
				expect(secrets.names()).toEqual([...new Set(listed.map(([one]) => one))].sort());
				for (const [one, value] of listed) {
					const unique = listed.filter(([other]) => other === one).length === 1;
					expect(secrets.find(one)).toEqual(unique ? { status: "found", value } : { status: "ambiguous" });
				}
			}),
		);
	});
});
