import { refusal } from "./refusal.js";
import { jsonReply, type Reply } from "./reply.js";

const INTERNAL = refusal(500, "INTERNAL", "Internal error.");

/** Codes that say "no secrets right now"; their messages are written for users and hold no secret. */
const UNAVAILABLE = /^(?:AGENT|ARTIFACT|CACHE|DECRYPT|SOURCE)_/;

/** 503 with the agent's own code and reason; for anything unforeseen, a 500 that tells nothing. */
export function errorReply(error: unknown): Reply {
	if (!isUnavailable(error)) return INTERNAL;
	const body = { error: error.message, code: error.code };
	return jsonReply(503, typeof error.reason === "string" ? { ...body, reason: error.reason } : body);
}

function isUnavailable(error: unknown): error is Error & { code: string; reason?: unknown } {
	return (
		error instanceof Error &&
		"code" in error &&
		typeof error.code === "string" &&
		UNAVAILABLE.test(error.code)
	);
}
