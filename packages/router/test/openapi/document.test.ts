import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";
import { openApiDocument } from "../../src/openapi/index.js";
import { CASES, Stage } from "./stage.js";

const document = openApiDocument("1");

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
	Object.entries(methods).map(([method, operation]) => ({
		path,
		name: `${method.toUpperCase()} ${path}`,
		operation,
	})),
);

/** Answers that any request, or any for secrets, may get. */
const OF_ANY_REQUEST: ReadonlySet<string> = new Set(["400", "401", "403", "408", "431", "500"]);

it("is valid OpenAPI 3.1", async () => {
	const validator = new Validator();
	expect(await validator.validate({ ...document })).toEqual({ valid: true });
	expect(validator.version).toBe("3.1");
});

it.each([
	["a response without a description", { "200": {} }],
	["a status that is none", { ok: { description: "It is." } }],
])("would not be with %s", async (_, responses) => {
	const wrong = { ...document, paths: { "/v1/wrong": { get: { responses } } } };
	expect(await new Validator().validate(wrong)).toMatchObject({ valid: false });
});

it("has the routes that a router with every option has, and no other", async () => {
	expect(operations.map(({ name }) => name).sort()).toEqual((await Stage.start()).operations);
});

it("names each operation once, and declares each parameter of a path", () => {
	expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
	for (const { path, operation } of operations) {
		const declared = (operation.parameters ?? []).filter((one) => one.in === "path");
		expect(declared.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
	}
});

it("promises no answer of an operation's own that the router does not give", () => {
	const promised = operations.flatMap(({ name, operation }) =>
		Object.keys(operation.responses)
			.filter((status) => !OF_ANY_REQUEST.has(status))
			.map((status) => `${name} ${status}`),
	);
	const given = new Set(CASES.map(({ operation, status }) => `${operation} ${status}`));
	expect([...given].sort()).toEqual(promised.sort());
});
