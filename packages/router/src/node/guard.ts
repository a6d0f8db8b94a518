import type { IncomingMessage } from "node:http";
import { malformed } from "../refusal.js";
import { createHostCheck, HOST_REFUSED } from "../refuse-host.js";
import { refuseMethod } from "../refuse-method.js";
import type { Reply } from "../reply.js";
import type { RequestHeaders } from "../request-headers.js";
import { isPlainTarget, pathOf } from "../request-target.js";

const TARGET_MALFORMED = malformed(
	"The request target is not a plain path; send it without dot segments, percent-encoded where needed.",
);

const VERSION_MALFORMED = malformed("The request line says neither HTTP/1.1 nor HTTP/1.0; send one of them.");

/** What to answer instead, where something is wrong with a request. */
export type Guard = (
	incoming: Pick<IncomingMessage, "url" | "method" | "httpVersionMajor">,
	headers: RequestHeaders,
) => Reply | undefined;

/** `http://host/path` as a request target: it would override the Host header. */
const ABSOLUTE_FORM = /^[^/?]*:\/\//;

/**
 * What must be checked on the request as it was sent, before it becomes one with a normalised URL: exactly one right
 * Host (over TCP, where there is a port), a read, and a target that means what it says.
 */
export function createGuard(port: number | undefined): Guard {
	const isOwnHost = port === undefined ? () => true : createHostCheck(port);
	return (incoming, headers) => {
		const target = incoming.url ?? "";
		// One given twice arrives joined, and is no host of ours.
		if (!isOwnHost(headers.get("host") ?? "") || isAbsolute(target)) return HOST_REFUSED;
		// The parser lets 0.9 and 2.0 through, which mean other protocols.
		if (incoming.httpVersionMajor !== 1) return VERSION_MALFORMED;
		return (
			refuseMethod(incoming.method, pathOf(target)) ?? (isPlainTarget(target) ? undefined : TARGET_MALFORMED)
		);
	};
}

function isAbsolute(target: string): boolean {
	return !target.startsWith("/") && ABSOLUTE_FORM.test(target);
}

/** Whether a body is announced; it will not be read, so the connection cannot be used again. */
export function hasBody(headers: RequestHeaders): boolean {
	const length = headers.get("content-length");
	return (length !== null && length !== "0") || headers.has("transfer-encoding");
}
