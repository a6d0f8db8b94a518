import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";
import { Changes, createRouter } from "../../src/index.js";
import { openApiDocument } from "../../src/openapi/index.js";
import { FakeAgent } from "../fake-agent.js";
import { TOKEN } from "../requests.js";

const document = openApiDocument("1");

/** A router with everything that a router can have. */
async function wholeRouter() {
	return createRouter(await FakeAgent.of({ KEY: "a" }), {
		token: TOKEN,
		metrics: async () => "",
		changes: new Changes(),
		refresh: async () => ({ kind: "confirmed" }),
	});
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
	Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

it("is valid OpenAPI 3.1", async () => {
	const validator = new Validator();
	expect(await validator.validate({ ...document })).toEqual({ valid: true });
	expect(validator.version).toBe("3.1");
});

it.each([
	["a response without a description", { "200": {} }],
	["a status that is none", { ok: { description: "It is." } }],
])("would not be with %s", async (_, responses) => {
	const path = { get: { responses } };
	const wrong = { ...structuredClone(document), paths: { "/v1/wrong": path } };
	expect(await new Validator().validate(wrong)).toMatchObject({ valid: false });
});

it("has the routes that a router with every option has, and no other", async () => {
	const { routes } = await wholeRouter();
	const served = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
	expect([...operations].sort()).toEqual([...new Set(served)].sort());
});

it("names each operation once, and declares each parameter of a path", () => {
	const all = Object.entries(document.paths).flatMap(([path, methods]) =>
		Object.values(methods).map((operation) => ({ path, operation })),
	);
	expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
	for (const { path, operation } of all) {
		const declared = (operation.parameters ?? []).filter((one) => one.in === "path");
		expect(declared.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
	}
});
