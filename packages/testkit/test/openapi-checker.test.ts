import { describe, expect, it } from "vitest";
import { type Answer, OpenApiChecker } from "../src/openapi-checker.js";

const count = { type: "object", properties: { count: { type: "integer" } }, additionalProperties: false };
const other = { description: "None.", content: { "application/json": { schema: { type: "object" } } } };
const age = { description: "In seconds.", required: true, schema: { type: "integer", minimum: 0 } };

function documentOf(schema: object = { $ref: "#/components/schemas/Count" }) {
	return {
		openapi: "3.1.1",
		info: { title: "Counts", version: "1" },
		paths: {
			"/counts/{name}": {
				get: {
					responses: {
						"200": {
							description: "One.",
							headers: { Age: { $ref: "#/components/headers/Age" } },
							content: { "application/json": { schema }, "text/plain": { schema: { type: "string" } } },
						},
						"304": { description: "The same." },
					},
				},
			},
			"/stream": {
				get: {
					responses: {
						"200": {
							description: "A stream.",
							content: {
								"text/event-stream": {
									schema: { type: "string" },
									"x-events": { count: { $ref: "#/components/schemas/Count" } },
								},
							},
						},
					},
				},
			},
		},
		components: { schemas: { Count: count }, headers: { Age: age } },
		"x-other-requests": { responses: { "404": other } },
	};
}

const checker = new OpenApiChecker(documentOf());
const right: Answer = {
	method: "GET",
	path: "/counts/a%2Fb",
	status: 200,
	headers: { age: "3", "content-type": "application/json; charset=utf-8", date: "now" },
	body: '{"count":1}',
};
const text = { ...right.headers, "content-type": "text/plain" };

describe("an answer that is as the document says", () => {
	it.each<[string, Partial<Answer>]>([
		["JSON", {}],
		["text", { headers: text, body: "1" }],
		["HEAD", { method: "HEAD", body: "" }],
		["a body that is not looked at", { body: undefined }],
		["no body", { status: 304, headers: {}, body: "" }],
		["another path", { path: "/counts", status: 404, body: "{}", headers: withoutAge() }],
		["another method", { method: "PUT", status: 404, body: "{}", headers: withoutAge() }],
		["a method in another case", { method: "get", status: 404, body: "{}", headers: withoutAge() }],
		["no method", { method: undefined, status: 404, body: "{}", headers: withoutAge() }],
		["an empty name", { path: "/counts/", status: 404, body: "{}", headers: withoutAge() }],
	])("%s", (_, changed) => {
		expect(checker.problems({ ...right, ...changed })).toEqual([]);
	});
});

describe("an answer that is not", () => {
	it.each<[string, Partial<Answer>, string]>([
		["an unknown status", { status: 201 }, "GET /counts/a%2Fb: status 201 is not in the document"],
		["another request's status", { status: 404 }, "status 404 is not in the document"],
		["a missing header", { headers: withoutAge() }, "the header Age is missing"],
		["a header of the wrong type", { headers: { ...right.headers, age: "old" } }, "Age must be integer"],
		["a header too many", { headers: { ...right.headers, server: "x" } }, "the header server is not in the"],
		["a field of the wrong type", { body: '{"count":"secret"}' }, "200: /count must be integer"],
		["a field too many", { body: '{"count":1,"more":2}' }, "must NOT have additional properties"],
		["a body that is no JSON", { body: "{" }, "the body is no JSON"],
		["an unknown type", { headers: { age: "3", "content-type": "text/html" } }, "text/html is not in the"],
		["no type", { headers: { age: "3" } }, "the content type undefined is not in the document"],
		["a body for HEAD", { method: "HEAD" }, "there is a body"],
		["a body where there is none", { status: 304, headers: {} }, "there is a body, and none in the document"],
	])("%s", (_, changed, problem) => {
		const problems = checker.problems({ ...right, ...changed });
		expect(problems).toEqual([expect.stringContaining(problem)]);
		expect(problems.join()).not.toContain("secret");
	});
});

it("looks at events", () => {
	expect(checker.eventProblems("/stream", "count", { count: 1 })).toEqual([]);
	expect(checker.eventProblems("/stream", "count", { count: "1" })).toEqual([
		"the event count: /count must be integer",
	]);
	expect(checker.eventProblems("/stream", "other", {})).toEqual(["the event other is not in the document"]);
});

it.each([
	["a keyword that there is not", { type: "string", lenght: 3 }, /unknown keyword: "lenght"/],
	["a reference to nothing", { $ref: "#/components/schemas/None" }, /can't resolve reference/],
	["a type that there is not", { type: "text" }, /type/],
])("refuses a document that has %s", (_, schema, problem) => {
	expect(() => new OpenApiChecker(documentOf(schema))).toThrow(problem);
});

function withoutAge(): Answer["headers"] {
	return { "content-type": "application/json" };
}
