import { beforeEach, describe, expect, it } from "vitest";
import { expectDocumented, expectDocumentedEvent, expectDocumentedRaw } from "./documented.js";
import { CASES, type Case, Stage } from "./stage.js";

let stage: Stage;

beforeEach(async () => {
	stage = await Stage.start();
});

const UNKNOWN_NAME: Case = {
	operation: "GET /v1/secrets/{key}",
	path: "/v1/secrets/NONE",
	status: 404,
};

/** Judges a case's answer, or what a mistake makes of it. */
function judge({ operation, path }: Case, response: Response): Promise<void> {
	const [method = "", own = ""] = operation.split(" ");
	return expectDocumented(method, path ?? own, response);
}

function without(response: Response, name: string): Response {
	const headers = new Headers(response.headers);
	headers.delete(name);
	return new Response(response.body, { status: response.status, headers });
}

async function withBody(response: Response, change: (body: object) => object): Promise<Response> {
	return new Response(JSON.stringify(change(Object(await response.json()))), response);
}

const isJson = ({ operation, status }: Case) =>
	status !== 304 && !(status === 200 && /metrics|events|keys/.test(operation));

it.each(CASES)("$operation answers $status as documented", async (one) => {
	const response = await stage.answer(one);
	expect(response.status).toBe(one.status);
	await judge(one, response);
});

describe("finds", () => {
	it.each(CASES)("another status than $status of $operation", async (one) => {
		const { body, headers } = await stage.answer(one);
		const wrong = new Response(body, { status: 418, headers });
		await expect(judge(one, wrong)).rejects.toThrow("status 418 is not in the document");
	});

	it.each(CASES)("a header that is missing from $operation, $status", async (one) => {
		const wrong = without(await stage.answer(one), "Cache-Control");
		await expect(judge(one, wrong)).rejects.toThrow("the header Cache-Control is missing");
	});

	it.each<[string, Case]>([
		["ETag", { operation: "GET /v1/secrets", status: 200 }],
		["ETag", { operation: "GET /v1/secrets", status: 304, headers: { "If-None-Match": "*" } }],
		["WWW-Authenticate", { operation: "GET /v1/keys", headers: { Authorization: "" }, status: 401 }],
		["Allow", { operation: "PUT /v1/keys", status: 405 }],
		["Retry-After", { operation: "POST /v1/refresh", status: 429, given: (it) => it.send(REFRESH) }],
	])("that there is no %s", async (name, one) => {
		const response = await stage.answer(one);
		expect(response.status).toBe(one.status);
		await judge(one, response.clone());
		await expect(judge(one, without(response, name))).rejects.toThrow(`the header ${name} is missing`);
	});

	it("a header that nobody has written about", async () => {
		const response = await stage.answer(UNKNOWN_NAME);
		response.headers.set("X-Powered-By", "planted");
		await expect(judge(UNKNOWN_NAME, response)).rejects.toThrow("the header x-powered-by is not in the");
	});

	it.each(CASES.filter(isJson))("a field too many in $operation, $status", async (one) => {
		const wrong = await withBody(await stage.answer(one), (body) => ({ ...body, planted: 1 }));
		await expect(judge(one, wrong)).rejects.toThrow(/must NOT have additional properties|\/planted must be/);
	});

	it.each([
		["no sentence", { error: undefined }, "must have required property 'error'"],
		["a sentence that is none", { error: 1 }, "/error must be string"],
		["another status's code", { code: "UNAUTHORIZED" }, "/code must be equal to one of the allowed values"],
		["a code that there is not", { code: "PLANTED" }, "/code must be equal to one of the allowed values"],
	])("%s in a refusal", async (_, planted, problem) => {
		const wrong = await withBody(await stage.answer(UNKNOWN_NAME), (body) => ({ ...body, ...planted }));
		await expect(judge(UNKNOWN_NAME, wrong)).rejects.toThrow(problem);
	});

	it("a code that does not say why there are no secrets", async () => {
		const one: Case = { operation: "GET /v1/keys", status: 503, given: (it) => it.revoke() };
		const wrong = await withBody(await stage.answer(one), (body) => ({ ...body, code: "CONFIG_INVALID" }));
		await expect(judge(one, wrong)).rejects.toThrow("/code must be equal to one of the allowed values");
	});

	it.each([
		["lastRefreshAt", "yesterday"],
		["state", "fine"],
		["revision", 1],
		["lastError", {}],
		["lastError", { code: "SOURCE_TIMEOUT", at: 1, message: "planted" }],
	])("that the health's %s cannot be %j", async (name, value) => {
		const one: Case = { operation: "GET /v1/health", status: 200 };
		const wrong = await withBody(await stage.answer(one), (body) => ({ ...body, [name]: value }));
		await expect(judge(one, wrong)).rejects.toThrow(`/${name}`);
	});

	it.each([
		["revision", { revision: "r2", since: null, added: [], changed: [] }, "'removed'"],
		["revision", { revision: "r2", since: null, added: [1], changed: [], removed: [] }, "/added/0"],
		["revoked", { reason: "cache_expired" }, "/reason"],
		["expired", { reason: "revoked" }, "/reason"],
		["recovered", { revision: "r2", value: "planted" }, "additional properties"],
		["planted", {}, "is not in the document"],
	])("a mistake in the event %s with %j", (event, data, problem) => {
		expect(() => expectDocumentedEvent(event, data)).toThrow(problem);
	});

	it("a mistake in what came back over a connection", () => {
		const standing = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
		const headers = { ...standing, "content-type": "application/json" };
		const body = Buffer.from('{"error":"No.","code":"REQUEST_TIMEOUT"}');
		const sent = "GET /v1/keys HTTP/1.1\r\n\r\nGET /v1/se";
		const [first, second] = [
			{ status: 403, headers, body: Buffer.from('{"error":"No.","code":"HOST_REFUSED"}') },
			{ status: 408, headers, body },
		];
		expectDocumentedRaw(sent, [first, second]);
		const wrong = { status: 408, headers: standing, body };
		expect(() => expectDocumentedRaw(sent, [first, wrong])).toThrow("the content type undefined");
	});
});

const REFRESH: Case = { operation: "POST /v1/refresh", status: 200 };
