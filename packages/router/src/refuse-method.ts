import { refusal } from "./refusal.js";
import type { Reply } from "./reply.js";

/** The answer to every method but the two that read. */
export const METHOD_NOT_ALLOWED: Reply = refusal(
	405,
	"METHOD_NOT_ALLOWED",
	"This API is read-only; use GET or HEAD (methods are upper-case).",
	{ Allow: "GET, HEAD" },
);

/** Refuses whatever is not a read. */
export function refuseMethod(method: string | undefined): Reply | undefined {
	return method === "GET" || method === "HEAD" ? undefined : METHOD_NOT_ALLOWED;
}
