import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { sealFields } from "@clef-sh/testkit/artifacts";
import { describe, expect, it } from "vitest";
import { TOKEN } from "./agent-process.js";
import { AttackStage, MODES } from "./attack-stage.js";

const refusal = (message: RegExp) => ({
	code: "DECRYPT_PAYLOAD_MALFORMED",
	reason: "payload_parse",
	message,
});

const deep = (levels: number): string => `${'{"a":'.repeat(levels)}"x"${"}".repeat(levels)}`;

const REFUSED: readonly (readonly [what: string, payload: string, message: RegExp])[] = [
	["an array", '["a-value"]', /The secrets are a list/],
	["an array of objects", '[{"KEY":"a-value"}]', /The secrets are a list/],
	["a string", '"a-value"', /The secrets are text/],
	["null", "null", /The secrets are null/],
	["a number", "42", /The secrets are a number/],
	["a boolean", "true", /The secrets are a boolean/],
	["nothing", "", /not valid JSON at character 1/],
	["half an object", '{"KEY":"a-va', /not valid JSON/],
	["two objects", '{"KEY":"a-value"}{}', /not valid JSON/],
	["a value of null", '{"KEY":null}', /The value of "KEY" is null/],
	["a value that is a list", '{"ns":{"KEY":["a-value"]}}', /The value of "ns"."KEY" is a list/],
	["three levels", deep(3), /The value of "a"."a" is an object/],
	["100,000 levels of objects", deep(100_000), /The value of "a"."a" is an object/],
	["100,000 levels of lists", `{"a":${"[".repeat(100_000)}`, /The value of "a" is a list/],
	["a key twice", '{"KEY":"one","KEY":"two"}', /The name "KEY" occurs twice/],
	["a key twice, once escaped", '{"KEY":"one","\\u004bEY":"two"}', /The name "KEY" occurs twice/],
	["a key twice in a namespace", '{"ns":{"KEY":"one","KEY":"two"}}', /The name "ns"."KEY" occurs twice/],
	["a namespace twice", '{"ns":{"A":"one"},"ns":{"B":"two"}}', /The name "ns" occurs twice/],
	["__proto__ twice", '{"__proto__":"one","__proto__":"two"}', /The name "__proto__" occurs twice/],
	[
		"a namespace beside values",
		'{"KEY":"one","ns":{"KEY":"two"}}',
		/The name "ns" is a namespace beside values/,
	],
	[
		"constructor.prototype",
		'{"constructor":{"prototype":{"a":"b"}}}',
		/The value of "constructor"."prototype"/,
	],
];

/** Names that mean something to JavaScript, to URLs, to this API or to the eye. */
const NAMES: readonly string[] = [
	"__proto__",
	"constructor",
	"toString",
	"hasOwnProperty",
	"prototype",
	"success",
	"data",
	"value",
	"error",
	"ünïcödé",
	"键",
	"🔑",
	"e\u0301",
	"é",
	"\u202eRTL",
	"a/b",
	"/",
	"..",
	".",
	"../v1/health",
	"a%b",
	"%2F",
	"%",
	"a b",
	" ",
	"a.b",
	"a__b",
	"__",
	"a?b",
	"a#b",
	"a&b=c",
	"a+b",
	"a\\b",
	'a"b',
	"a\nb",
	"a;b",
	"~",
	"-n",
];

/** Values no less strange, and of no use when they are changed by one byte. */
const VALUES: readonly string[] = [
	"",
	" ",
	"\u0000",
	"line\r\nline\n",
	"ü🔑\u2028",
	'{"a":"b"}',
	"%41",
	"==",
];

const valueAt = (index: number): string => `${index}:${VALUES[index % VALUES.length]}`;

/** JSON text of these names with {@link valueAt} each, without an object in between that could lose one. */
function payloadOf(names: readonly string[]): string {
	const members = names.map((name, index) => `${JSON.stringify(name)}:${JSON.stringify(valueAt(index))}`);
	return `{${members.join(",")}}`;
}

/** Fetch resolves these before they are sent, and the API refuses them: such secrets come with the others only. */
const isDots = (name: string): boolean => name === "." || name === "..";

/** Every name gives its exact value: as JSON, or in a namespace as bare text. */
async function givesEach(
	{ agent }: AttackStage,
	names: readonly string[],
	namespace?: string,
): Promise<void> {
	const prefix = namespace === undefined ? "" : `${encodeURIComponent(namespace)}/`;
	const accept = namespace === undefined ? "application/json" : "text/plain";
	for (const [index, name] of names.entries()) {
		if (isDots(name)) continue;
		const value = valueAt(index);
		const wanted = namespace === undefined ? JSON.stringify({ value }) : value;
		const { status, text } = await agent.get(`/v1/secrets/${prefix}${encodeURIComponent(name)}`, { accept });
		expect({ name, status, text }).toEqual({ name, status: 200, text: wanted });
	}
}

/** The answer to a path that is sent as it is. */
async function statusOfRaw({ agent }: AttackStage, path: string): Promise<number | undefined> {
	const sent = request(agent.url, { path, headers: { authorization: `Bearer ${TOKEN}` } }).end();
	const [response] = (await once(sent, "response")) as [IncomingMessage];
	response.resume();
	return response.statusCode;
}

/** Puts a payload out that is good, and expects it back to the byte. */
async function serves(stage: AttackStage, what: string, payload: string): Promise<void> {
	await stage.accepts(what, await sealFields(stage.next(payload)), payload);
}

describe.each(MODES)("%s, through the built command", (_, ttl) => {
	it("A16 refuses payloads that are not names and texts, naming what is wrong and showing no value", async () => {
		const stage = await AttackStage.ready(ttl);
		for (const [what, payload, message] of REFUSED)
			await stage.refuses(what, await sealFields(stage.next(payload)), refusal(message));
		expect(stage.agent.stderr).not.toMatch(/a-value|"two"/);
		await stage.recovers();
	});

	it("A16 gives exact values back under strange names, flat", async () => {
		const stage = await AttackStage.ready(ttl);
		await serves(stage, "strange names", payloadOf(NAMES));
		await givesEach(stage, NAMES);
		expect((await stage.agent.get("/v1/keys")).json()).toEqual([...NAMES].sort());
		expect((await stage.agent.get("/v1/secrets?format=flat")).text).toBe(stage.served);
		for (const absent of ["valueOf", "__defineGetter__", "length", "A/B"])
			expect({
				absent,
				status: (await stage.agent.get(`/v1/secrets/${encodeURIComponent(absent)}`)).status,
			}).toEqual({
				absent,
				status: 404,
			});
		for (const path of ["/v1/secrets/..", "/v1/secrets/%2e%2E", "/v1/secrets/%2E", "/v1/secrets/%00"])
			expect({ path, status: await statusOfRaw(stage, path) }).toEqual({ path, status: 400 });
	});

	it("A16 gives exact values back under strange names, in strange namespaces", async () => {
		const stage = await AttackStage.ready(ttl);
		const namespaces = ["__proto__", "constructor", "ü/%2F .__"];
		const members = namespaces.map((name) => `${JSON.stringify(name)}:${payloadOf(NAMES)}`);
		await serves(stage, "strange namespaces", `{${members.join(",")}}`);
		for (const namespace of namespaces) await givesEach(stage, NAMES, namespace);
		const listed = namespaces.flatMap((namespace) => NAMES.map((name) => `${namespace}__${name}`));
		expect((await stage.agent.get("/v1/keys")).json()).toEqual([...new Set(listed)].sort());
		expect((await stage.agent.get("/v1/secrets/constructor")).status).toBe(409);
		expect((await stage.agent.get("/v1/secrets/toString/toString")).status).toBe(404);
	});

	it("A16 refuses to guess where two secrets share a flat name", async () => {
		const stage = await AttackStage.ready(ttl);
		await serves(stage, "a shared name", '{"a":{"b__c":"one"},"a__b":{"c":"two"}}');
		expect((await stage.agent.get("/v1/secrets/a__b__c")).status).toBe(409);
		expect((await stage.agent.get("/v1/secrets?format=flat")).status).toBe(409);
		expect((await stage.agent.get("/v1/secrets/a/b__c")).json()).toEqual({ value: "one" });
		expect((await stage.agent.get("/v1/secrets/a__b/c")).json()).toEqual({ value: "two" });
	});

	it("A16 takes 100,000 keys, a value of a megabyte, no key at all, numbers and booleans", async () => {
		const stage = await AttackStage.ready(ttl);
		const names = Array.from({ length: 100_000 }, (_each, index) => `KEY_${index}`);
		await serves(stage, "100,000 keys", payloadOf(names));
		expect((await stage.agent.get("/v1/secrets/KEY_99999")).json()).toEqual({ value: valueAt(99_999) });
		expect((await stage.agent.get("/v1/keys")).json()).toHaveLength(100_000);
		const large = `${"ü".repeat(524_287)}!`;
		await serves(stage, "a megabyte", JSON.stringify({ LARGE: large }));
		expect((await stage.agent.get("/v1/secrets/LARGE", { accept: "text/plain" })).text === large).toBe(true);
		await serves(stage, "no key", "{}");
		const fields = await sealFields(stage.next('{"A":1.0,"B":12345678901234567890,"C":true,"D":-0}'));
		await stage.accepts("numbers", fields, '{"A":"1.0","B":"12345678901234567890","C":"true","D":"-0"}');
	});
});
