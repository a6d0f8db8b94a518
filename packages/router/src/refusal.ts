import { jsonReply, type Reply } from "./reply.js";

/** Codes of the router's own refusals; a 503 carries the code of the agent's error instead. */
export type RefusalCode =
	| "HOST_REFUSED"
	| "METHOD_NOT_ALLOWED"
	| "BROWSER_REFUSED"
	| "PROXY_REFUSED"
	| "UNAUTHORIZED"
	| "REQUEST_MALFORMED"
	| "REQUEST_TIMEOUT"
	| "REQUEST_TOO_LARGE"
	| "REFRESH_TOO_SOON"
	| "TOO_MANY_WAITING"
	| "NOT_FOUND"
	| "AMBIGUOUS_NAME"
	| "INTERNAL";

/** A reply with the uniform error body; made once per reason and shared by all requests. */
export function refusal(
	status: number,
	code: RefusalCode,
	error: string,
	extra?: Readonly<Record<string, string>>,
): Reply {
	return jsonReply(status, { error, code }, extra);
}

/** Whatever the request asks for does not exist; `sentence` says what to try instead. */
export function notFound(sentence: string): Reply {
	return refusal(404, "NOT_FOUND", sentence);
}

/** The request cannot be understood, so nothing was looked up. */
export function malformed(sentence: string): Reply {
	return refusal(400, "REQUEST_MALFORMED", sentence);
}
