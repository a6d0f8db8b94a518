import { expect, it } from "vitest";
import { expectDocumented, expectDocumentedRaw } from "./documented.js";

const health = {
	status: "ok",
	mode: "cached",
	revision: null,
	lastRefreshAt: null,
	expired: false,
	state: "not_loaded",
	lastError: null,
};
const right = {
	method: "GET",
	path: "/v1/health",
	status: 200,
	headers: {
		"cache-control": "no-store",
		"x-content-type-options": "nosniff",
		"content-type": "application/json",
	},
	body: JSON.stringify(health),
};

it("takes an answer that is as the published document says", () => {
	expectDocumented(right);
	expectDocumentedRaw("GET /v1/health?x HTTP/1.1\r\n\r\n", [right]);
});

it.each([
	["an unknown status", { status: 201 }, "status 201 is not in the document"],
	[
		"a missing header",
		{ headers: { "content-type": "application/json" } },
		"the header Cache-Control is missing",
	],
	["a wrong type", { body: JSON.stringify({ ...health, expired: "no" }) }, "/expired must be boolean"],
	["a field too many", { body: JSON.stringify({ ...health, source: "planted" }) }, "additional properties"],
])("finds %s", (_, planted, problem) => {
	expect(() => expectDocumented({ ...right, ...planted })).toThrow(problem);
});
