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
	const { whole, rest } = readResponses(visited.received, (index) => requests[index]?.method, visited.cut);
	ok(!visited.received.includes(confidential.token), "a response has the token");
	for (const [index, response] of whole.entries()) assertEarned(response, requests[index], confidential);
	assertNothingShown(rest, requests[whole.length], confidential);
	return whole.map(({ status }) => status);
}

function assertEarned(
	{ status, headers, body }: WireResponse,
	request: StrictRequest | undefined,
	confidential: Confidential,
): void {
	assertNothingShown([...headers.values(), body].join("\n"), request, confidential);
	const entitled = request !== undefined && isEntitled(request, confidential);
	if (!entitled || !mustBeServed(request)) return;
	strictEqual(status, 200, `it refused ${JSON.stringify(request)}`);
	if (request.method === "GET") ok(confidential.secrets.every((secret) => body.includes(secret)));
}

/** Unless the request is entitled to it. */
function assertNothingShown(
	text: string,
	request: StrictRequest | undefined,
	confidential: Confidential,
): void {
	const leaked = confidential.secrets.find((secret) => text.includes(secret));
	const entitled = request !== undefined && isEntitled(request, confidential);
	ok(entitled || leaked === undefined, `it gave ${leaked} for ${JSON.stringify(request)}`);
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
