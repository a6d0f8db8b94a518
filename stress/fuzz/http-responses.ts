import { AssertionError, deepStrictEqual, match, ok, strictEqual } from "node:assert";

/** One response as it stood on the wire. */
export interface WireResponse {
	readonly status: number;
	/** Names in lower case. */
	readonly headers: ReadonlyMap<string, string>;
	readonly body: string;
}

/** What came back over a connection. */
export interface WireResponses {
	readonly whole: readonly WireResponse[];
	/** The beginning of one that was cut short. */
	readonly rest: string;
}

/** Whether a response has no body in spite of its Content-Length; `undefined` where the bytes have to tell. */
type Bodyless = boolean | undefined;

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]+$/;
const HEADER_LINE = /^([A-Za-z-]+): ([\x20-\x7e]+)$/;

/** What the contract has answers for; a 500 would be a failure that nobody foresaw. */
const STATUSES = [200, 304, 400, 401, 403, 404, 405, 408, 409, 431];

/**
 * Takes the bytes of a connection apart into responses, and asserts that each is well formed and what the contract
 * says of every response. `methodOf` gives the method of the request with this number, as far as it is known.
 *
 * The last may be incomplete where the connection was `cut`.
 */
export function readResponses(
	bytes: Buffer,
	methodOf: (index: number) => string | undefined,
	cut: boolean,
): WireResponses {
	const responses: WireResponse[] = [];
	let rest = bytes.toString("latin1");
	while (rest !== "") {
		const method = methodOf(responses.length);
		const one = readResponse(rest, method === undefined ? undefined : method === "HEAD");
		if (one === undefined && cut) break;
		if (one === undefined) throw new AssertionError({ message: `half a response: ${JSON.stringify(rest)}` });
		assertContract(one.response);
		responses.push(one.response);
		rest = one.rest;
	}
	return { whole: responses, rest };
}

function readResponse(
	text: string,
	bodyless: Bodyless,
): { readonly response: WireResponse; readonly rest: string } | undefined {
	const end = text.indexOf("\r\n\r\n");
	if (end === -1) return undefined;
	const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
	match(statusLine, STATUS_LINE);
	const headers = new Map(lines.map(readHeader));
	strictEqual(headers.size, lines.length, "a header is there twice");
	const status = Number(statusLine.slice(9, 12));
	const after = text.slice(end + 4);
	// Where the server could not read the request, it cannot know that it was a HEAD; then it closes.
	const isUnsure = bodyless === undefined || (bodyless && headers.get("connection") === "close");
	const seemsEmpty = after === "" || after.startsWith("HTTP/1.1 ");
	const isEmpty = status === 304 || (isUnsure ? seemsEmpty : bodyless);
	const length = isEmpty ? 0 : Number(headers.get("content-length"));
	ok(Number.isInteger(length), "a response does not say how long it is");
	if (after.length < length) return undefined;
	return { response: { status, headers, body: after.slice(0, length) }, rest: after.slice(length) };
}

function readHeader(line: string): readonly [string, string] {
	const [, name, value] = HEADER_LINE.exec(line) ?? [];
	if (name !== undefined && value !== undefined) return [name.toLowerCase(), value];
	throw new AssertionError({ message: `no header line: ${JSON.stringify(line)}` });
}

function assertContract({ status, headers, body }: WireResponse): void {
	ok(STATUSES.includes(status), `it answered ${status}: ${body}`);
	strictEqual(headers.get("cache-control"), "no-store");
	strictEqual(headers.get("x-content-type-options"), "nosniff");
	ok(!headers.has("server") && !headers.has("x-powered-by"), "it names its server");
	ok(!headers.has("transfer-encoding"), "it is chunked");
	if (status === 405) strictEqual(headers.get("allow"), "GET, HEAD");
	if (status === 401) strictEqual(headers.get("www-authenticate"), "Bearer");
	if (status < 400 || body === "") return;
	strictEqual(headers.get("content-type"), "application/json");
	const refusal: unknown = JSON.parse(body);
	deepStrictEqual(Object.keys(Object(refusal)), ["error", "code"]);
	ok(Object.values(Object(refusal)).every((value) => typeof value === "string" && value !== ""));
}
