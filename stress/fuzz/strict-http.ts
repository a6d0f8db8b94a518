/** A request as the grammar of HTTP/1.1 has it, and nothing looser. */
export interface StrictRequest {
	readonly method: string;
	readonly target: string;
	/** Such as `1.1`. */
	readonly version: string;
	/** Names in lower case. */
	readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Who may be given secrets. */
export interface Entitlement {
	readonly token: string;
	readonly port: number;
}

/** Node's parser knows these versions; what follows a request of any of them is one more. */
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/(0\.9|1\.0|1\.1|2\.0)$/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const PROXY_HEADERS = [
	"x-forwarded-for",
	"x-forwarded-host",
	"x-forwarded-proto",
	"forwarded",
	"x-real-ip",
	"via",
];

/**
 * The requests on a connection up to the first that is not well formed, or that announces a body: this API takes
 * none, so whatever follows one is no request of its own.
 */
export function strictRequests(bytes: Buffer): readonly StrictRequest[] {
	const requests: StrictRequest[] = [];
	// Line ends before a request are to be passed over.
	let rest = bytes.toString("latin1").replace(/^[\r\n]+/, "");
	for (;;) {
		const end = rest.indexOf("\r\n\r\n");
		const request = end === -1 ? undefined : parseHead(rest.slice(0, end));
		if (request === undefined) return requests;
		requests.push(request);
		if (announcesBody(request)) return requests;
		rest = rest.slice(end + 4).replace(/^[\r\n]+/, "");
	}
}

/** Every value of a header. */
export function valuesOf({ headers }: StrictRequest, name: string): readonly string[] {
	return headers.filter(([other]) => other === name).map(([, value]) => value);
}

/** Whether the contract lets a request have secrets. */
export function isEntitled(request: StrictRequest, { token, port }: Entitlement): boolean {
	const { method, target, version } = request;
	const [path = ""] = target.split("?");
	const authorization = valuesOf(request, "authorization");
	const sites = valuesOf(request, "sec-fetch-site");
	return (
		version.startsWith("1.") &&
		(method === "GET" || method === "HEAD") &&
		(path === "/v1/secrets" || path.startsWith("/v1/secrets/")) &&
		isOwnHost(valuesOf(request, "host"), port) &&
		valuesOf(request, "origin").length === 0 &&
		(sites.length === 0 || ["same-origin", "none"].includes(sites.join(", "))) &&
		PROXY_HEADERS.every((name) => valuesOf(request, name).length === 0) &&
		authorization.length === 1 &&
		authorization[0] === `Bearer ${token}`
	);
}

function isOwnHost(hosts: readonly string[], port: number): boolean {
	const [host = ""] = hosts;
	const own = ["127.0.0.1", "localhost"].flatMap((name) => [name, `${name}:${port}`]);
	return hosts.length === 1 && own.includes(host.toLowerCase());
}

function parseHead(head: string): StrictRequest | undefined {
	const [requestLine = "", ...lines] = head.split("\r\n");
	const [, method, target, version] = REQUEST_LINE.exec(requestLine) ?? [];
	if (method === undefined || target === undefined || version === undefined) return undefined;
	const headers: (readonly [string, string])[] = [];
	for (const line of lines) {
		const [, name, value] = HEADER_LINE.exec(line) ?? [];
		if (name === undefined || value === undefined) return undefined;
		headers.push([name.toLowerCase(), value]);
	}
	return { method, target, version, headers };
}

function announcesBody(request: StrictRequest): boolean {
	const lengths = valuesOf(request, "content-length");
	return lengths.some((length) => length !== "0") || valuesOf(request, "transfer-encoding").length > 0;
}
