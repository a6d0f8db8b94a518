import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRouter } from "../src/create-router.js";
import { FakeAgent, secretsOf } from "./fake-agent.js";
import { ask, shown, TOKEN } from "./requests.js";

type Secrets = Awaited<ReturnType<typeof secretsOf>>;

const namespaced = { database: { URL: "postgres://db", API_KEY: "db" }, search: { API_KEY: "ß\n" } };
const flat = {
	PLAIN: "1",
	"a/b": "slash",
	"100%": "percent",
	"a b": "space",
	"a.b": "dot",
	"naïve ✓": "unicode",
};
let ofNamespaced: Secrets;
let ofFlat: Secrets;
let colliding: Secrets;
let agent: FakeAgent;

beforeAll(async () => {
	ofNamespaced = await secretsOf(namespaced);
	ofFlat = await secretsOf(flat);
	colliding = await secretsOf({ a: { b__c: "1" }, a__b: { c: "2" } });
});

beforeEach(() => {
	agent = new FakeAgent(ofNamespaced);
});

const request = (path: string, headers: Record<string, string> = {}, method = "GET") =>
	ask(createRouter(agent, { token: TOKEN }), path, headers, method);

describe("GET /v1/secrets", () => {
	it("is the packed body, byte for byte", async () => {
		const response = await request("/v1/secrets");
		const bytes = Buffer.from(await response.arrayBuffer());
		expect(bytes).toEqual(Buffer.from(JSON.stringify(namespaced)));
		expect(response.headers.get("Content-Type")).toBe("application/json");
		expect(response.headers.get("Content-Length")).toBe(String(bytes.byteLength));
		expect(response.headers.get("ETag")).toBe('"r1"');
	});

	it("?format=flat joins namespace and key, under an ETag of its own", async () => {
		const response = await request("/v1/secrets?format=flat");
		expect(response.headers.get("ETag")).toBe('"r1;flat"');
		expect(await response.json()).toEqual({
			database__URL: "postgres://db",
			database__API_KEY: "db",
			search__API_KEY: "ß\n",
		});
	});

	it("keeps the tags apart where both formats share one body", async () => {
		agent = new FakeAgent(ofFlat);
		for (const [query, tag] of [
			["", '"r1"'],
			["?format=flat", '"r1;flat"'],
			["?format=packed", '"r1"'],
		]) {
			const response = await request(`/v1/secrets${query}`);
			expect(response.headers.get("ETag")).toBe(tag);
			expect(await response.json()).toEqual(flat);
		}
	});

	it("?format=flat is 409 when two secrets would share a name", async () => {
		agent = new FakeAgent(colliding);
		expect(await shown(await request("/v1/secrets?format=flat"))).toMatchObject({
			status: 409,
			body: { code: "AMBIGUOUS_NAME" },
		});
		expect((await request("/v1/secrets")).status).toBe(200);
	});

	it.each(["?format=", "?format=yaml", "?format=FLAT", "?format=%zz", "?format"])(
		"%s is 400",
		async (query) => {
			expect(await shown(await request(`/v1/secrets${query}`))).toMatchObject({
				status: 400,
				body: { code: "REQUEST_MALFORMED" },
			});
			expect(agent.held.readers).toBe(0);
		},
	);

	it.each(['"r1"', 'W/"r1"', '"r0", W/"r1"', '"x","r1"', "*"])(
		"If-None-Match %s is 304",
		async (condition) => {
			const response = await request("/v1/secrets", { "If-None-Match": condition });
			expect(response.status).toBe(304);
			expect(response.headers.get("ETag")).toBe('"r1"');
			expect(response.headers.get("Content-Type")).toBeNull();
			expect(await response.text()).toBe("");
			const head = await request("/v1/secrets", { "If-None-Match": condition }, "HEAD");
			expect(head.status).toBe(304);
		},
	);

	it.each(['"r2"', "r1", '"r1;flat"', '"R1"', ""])("If-None-Match %s is 200", async (condition) => {
		expect((await request("/v1/secrets", { "If-None-Match": condition })).status).toBe(200);
	});

	it("hands out a copy where no socket takes the bytes, and holds them no longer", async () => {
		const response = await request("/v1/secrets");
		expect(agent.held.readers).toBe(0);
		agent.replace(ofFlat, "r2");
		expect(await response.json()).toEqual(namespaced);
		expect(await (await request("/v1/secrets")).json()).toEqual(flat);
	});
});

describe("GET /v1/keys", () => {
	it("lists names, sorted, and no values", async () => {
		const response = await request("/v1/keys");
		expect(await response.json()).toEqual(["database__API_KEY", "database__URL", "search__API_KEY"]);
	});

	it("lists flat names as they are", async () => {
		agent = new FakeAgent(ofFlat);
		expect(await (await request("/v1/keys")).json()).toEqual(Object.keys(flat).sort());
	});
});

describe("GET /v1/secrets/:key", () => {
	it.each([
		["a listed name", "/v1/secrets/search__API_KEY", "ß\n"],
		["a key of one namespace only", "/v1/secrets/URL", "postgres://db"],
		["namespace and key", "/v1/secrets/database/API_KEY", "db"],
		["namespace and key, with a query", "/v1/secrets/search/API_KEY?x=/y", "ß\n"],
	])("finds by %s", async (_, path, value) => {
		expect(await shown(await request(path))).toEqual({ status: 200, body: { value } });
	});

	it.each([
		["ambiguous", "/v1/secrets/API_KEY", 409, "AMBIGUOUS_NAME"],
		["unknown", "/v1/secrets/NONE", 404, "NOT_FOUND"],
		["an unknown namespace", "/v1/secrets/none/URL", 404, "NOT_FOUND"],
		["the key of another namespace", "/v1/secrets/search/URL", 404, "NOT_FOUND"],
		["a name of Object.prototype", "/v1/secrets/constructor", 404, "NOT_FOUND"],
		["a namespace of Object.prototype", "/v1/secrets/__proto__/toString", 404, "NOT_FOUND"],
		["L33 malformed encoding", "/v1/secrets/%zz", 400, "REQUEST_MALFORMED"],
		["L33 a stray percent sign", "/v1/secrets/100%", 400, "REQUEST_MALFORMED"],
		["L33 bytes that are not UTF-8", "/v1/secrets/%ff", 400, "REQUEST_MALFORMED"],
		["L33 an overlong encoding", "/v1/secrets/%c0%ae", 400, "REQUEST_MALFORMED"],
		["L33 a malformed namespace", "/v1/secrets/%/URL", 400, "REQUEST_MALFORMED"],
		["L33 NUL", "/v1/secrets/URL%00", 400, "REQUEST_MALFORMED"],
		["L33 double encoding", "/v1/secrets/database%255f%255fURL", 404, "NOT_FOUND"],
		["L33 an encoded path out", "/v1/secrets/..%2fhealth", 404, "NOT_FOUND"],
	])("%s: %s is %i", async (_, path, status, code) => {
		expect(await shown(await request(path))).toEqual({
			status,
			body: { error: expect.stringMatching(/\.$/), code },
		});
	});

	it.each(Object.entries(flat))("A16 %j is readable by its encoded name", async (name, value) => {
		agent = new FakeAgent(ofFlat);
		const response = await request(`/v1/secrets/${encodeURIComponent(name)}`);
		expect(await shown(response)).toEqual({ status: 200, body: { value } });
	});

	it("A16 an encoded slash is part of a name, a plain one parts namespace and key", async () => {
		agent = await FakeAgent.of({ "a/b": { "c/d": "one" }, a: { b: "two", "b/c": "three" } });
		expect(await (await request("/v1/secrets/a%2Fb/c%2Fd")).json()).toEqual({ value: "one" });
		expect(await (await request("/v1/secrets/a/b")).json()).toEqual({ value: "two" });
		expect(await (await request("/v1/secrets/a/b%2fc")).json()).toEqual({ value: "three" });
		expect((await request("/v1/secrets/a/b/c")).status).toBe(404);
	});

	it("A16 any name comes back with exactly its value", async () => {
		const names = fc
			.dictionary(
				fc.string({ unit: "binary", minLength: 1 }).filter((name) => !/^\.\.?$|\0/.test(name)),
				fc.string({ unit: "binary" }),
				{ minKeys: 1, maxKeys: 5, noNullPrototype: true },
			)
			.filter((entries) => Object.keys(entries).length > 0);
		await fc.assert(
			fc.asyncProperty(names, async (entries) => {
				agent = await FakeAgent.of(entries);
				for (const [name, value] of Object.entries(entries)) {
					const response = await request(`/v1/secrets/${encodeURIComponent(name)}`);
					expect(await shown(response)).toEqual({ status: 200, body: { value } });
				}
			}),
			{ numRuns: 30 },
		);
	});
});

describe("Accept", () => {
	it.each([
		["text/plain", true],
		["TEXT/PLAIN; charset=utf-8", true],
		["text/plain, application/json", true],
		["application/json, text/plain", false],
		["application/json", false],
		["*/*", false],
		["", false],
	])("%s gives the bare value: %s", async (accept, bare) => {
		const response = await request("/v1/secrets/search/API_KEY", { Accept: accept });
		expect(response.headers.get("Content-Type")).toBe(
			bare ? "text/plain; charset=utf-8" : "application/json",
		);
		expect(await response.text()).toBe(bare ? "ß\n" : '{"value":"ß\\n"}');
		expect(response.headers.get("Content-Length")).toBe(
			bare ? "3" : String(Buffer.byteLength('{"value":"ß\\n"}')),
		);
	});

	it("leaves errors and whole bodies as JSON", async () => {
		for (const path of ["/v1/secrets", "/v1/keys", "/v1/secrets/NONE", "/v1/health"]) {
			const response = await request(path, { Accept: "text/plain" });
			expect(response.headers.get("Content-Type")).toBe("application/json");
		}
	});
});
