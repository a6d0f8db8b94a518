import { ok, strictEqual } from "node:assert";
import { readResponses, type WireResponse } from "./http-responses.js";
import { type Entitlement, isEntitled, type StrictRequest, strictRequests, valuesOf } from "./strict-http.js";
import type { Visited } from "./visits.js";

/** What no one may be shown without being entitled. */
export interface Confidential extends Entitlement {
	readonly secrets: readonly string[];
}

/** Below what makes the server refuse a request for its size. */
const SMALL_BYTES = 8_000;

/** Asserts that a connection was given what it is entitled to and no more; gives the status of each response. */
export function judgeVisit(sent: Buffer, visited: Visited, confidential: Confidential): readonly number[] {
	ok(!visited.hung, "the connection was left hanging");
	const requests = strictRequests(sent);
	const responses = readResponses(visited.received, (index) => requests[index]?.method, visited.cut);
	ok(!visited.received.includes(confidential.token), "a response has the token");
	for (const [index, response] of responses.entries()) assertEarned(response, requests[index], confidential);
	const whole = responses.reduce((total, { body }) => total + body.length, 0);
	ok(
		whole > 0 || !visited.received.includes(String(confidential.secrets[0])),
		"a secret outside of any body",
	);
	return responses.map(({ status }) => status);
}

function assertEarned(
	{ status, headers, body }: WireResponse,
	request: StrictRequest | undefined,
	confidential: Confidential,
): void {
	const entitled = request !== undefined && isEntitled(request, confidential);
	const shown = [...headers.values(), body].join("\n");
	const leaked = confidential.secrets.find((secret) => shown.includes(secret));
	ok(entitled || leaked === undefined, `it gave ${leaked} for ${JSON.stringify(request)}`);
	if (!entitled || !mustBeServed(request)) return;
	strictEqual(status, 200, `it refused ${JSON.stringify(request)}`);
	if (request.method === "GET") ok(confidential.secrets.every((secret) => body.includes(secret)));
}

/** The plain case, so that a server which refuses everything is not taken for a safe one. */
function mustBeServed(request: StrictRequest): boolean {
	const { target, headers } = request;
	const size = headers.reduce((total, [name, value]) => total + name.length + value.length + 4, 0);
	const special = ["expect", "if-none-match", "content-length", "transfer-encoding", "upgrade"];
	return (
		target === "/v1/secrets" &&
		size < SMALL_BYTES &&
		special.every((name) => valuesOf(request, name).length === 0)
	);
}
