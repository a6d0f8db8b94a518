import { refusal } from "./refusal.js";
import type { Reply } from "./reply.js";

/** The one route that does something, and so cannot be a read. */
export const REFRESH_PATH = "/v1/refresh";

/** The answer to every method but the two that read. */
export const METHOD_NOT_ALLOWED: Reply = refusal(
	405,
	"METHOD_NOT_ALLOWED",
	"This API is read-only; use GET or HEAD (methods are upper-case).",
	{ Allow: "GET, HEAD" },
);

const ONLY_POST = refusal(
	405,
	"METHOD_NOT_ALLOWED",
	"Asking for a refresh is not a read; use POST (methods are upper-case).",
	{ Allow: "POST" },
);

/** Refuses whatever is not a read, and reading where there is nothing to read. */
export function refuseMethod(method: string | undefined, path: string): Reply | undefined {
	if (path === REFRESH_PATH) return method === "POST" ? undefined : ONLY_POST;
	return method === "GET" || method === "HEAD" ? undefined : METHOD_NOT_ALLOWED;
}
