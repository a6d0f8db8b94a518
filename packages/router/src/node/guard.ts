import type { IncomingMessage } from "node:http";
import { malformed } from "../refusal.js";
import { createHostCheck, HOST_REFUSED } from "../refuse-host.js";
import { refuseMethod } from "../refuse-method.js";
import type { Reply } from "../reply.js";
import { isPlainTarget } from "../request-target.js";

const TARGET_MALFORMED = malformed(
	"The request target is not a plain path; send it without dot segments, percent-encoded where needed.",
);

const VERSION_MALFORMED = malformed("The request line says neither HTTP/1.1 nor HTTP/1.0; send one of them.");

/** `http://host/path` as a request target: it would override the Host header. */
const ABSOLUTE_FORM = /^[^/?]*:\/\//;

/**
 * What must be checked on the request as it was sent, before it becomes a `Request` with a normalised
 * URL and joined headers: exactly one right Host, a read, and a target that means what it says.
 */
export function createGuard(port: number): (incoming: IncomingMessage) => Reply | undefined {
	const isOwnHost = createHostCheck(port);
	return (incoming) => {
		const target = incoming.url ?? "";
		const host = soleHost(incoming.rawHeaders);
		if (host === undefined || !isOwnHost(host) || ABSOLUTE_FORM.test(target)) return HOST_REFUSED;
		// The parser lets 0.9 and 2.0 through, which mean other protocols.
		if (incoming.httpVersionMajor !== 1) return VERSION_MALFORMED;
		return refuseMethod(incoming.method) ?? (isPlainTarget(target) ? undefined : TARGET_MALFORMED);
	};
}

/** Whether a body is announced; it will not be read, so the connection cannot be used again. */
export function hasBody({ headers }: IncomingMessage): boolean {
	const length = headers["content-length"];
	return (length !== undefined && length !== "0") || headers["transfer-encoding"] !== undefined;
}

/** Node keeps the first of several Host headers; raw ones show them all, as name, value, name, value. */
function soleHost(rawHeaders: readonly string[]): string | undefined {
	let host: string | undefined;
	for (let i = 0; i < rawHeaders.length; i += 2) {
		if (rawHeaders[i]?.length !== 4 || rawHeaders[i]?.toLowerCase() !== "host") continue;
		if (host !== undefined) return undefined;
		host = rawHeaders[i + 1];
	}
	return host;
}
