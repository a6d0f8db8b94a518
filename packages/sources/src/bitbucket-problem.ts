import type { ResponseHead } from "./bounded-fetch.js";
import { statusError } from "./http-status.js";
import { retryAfterMs } from "./retry-after.js";
import { SourceError } from "./source-error.js";

/** What may be missing, when Bitbucket says 404. */
export type MissingPart = "repository" | "ref" | "default branch" | "file";

const MISSING: Readonly<Record<MissingPart, string>> = {
	repository:
		"there is no such repository, or the token may not see it; check CLEF_AGENT_VCS_REPO and CLEF_AGENT_VCS_TOKEN",
	ref: "the repository has no branch, tag or commit of that name; check CLEF_AGENT_VCS_REF",
	"default branch":
		"the repository has no default branch with commits; push to it, or set CLEF_AGENT_VCS_REF",
	file: "the repository has no such file there; check CLEF_AGENT_VCS_IDENTITY, CLEF_AGENT_VCS_ENVIRONMENT and CLEF_AGENT_VCS_REF, and that it was pushed",
};

/** One sentence about what is missing. */
export function missing(part: MissingPart, description: string): SourceError {
	return new SourceError("SOURCE_NOT_FOUND", `Could not find ${description}: ${MISSING[part]}.`);
}

/** Something answered that is no artifact; `what` completes the sentence and says what to do. */
export function notAnArtifact(description: string, what: string): SourceError {
	return new SourceError("SOURCE_BAD_RESPONSE", `${description} ${what}.`);
}

/**
 * Names what a status means that is neither success nor 404.
 *
 * Only 429 is a used-up quota: Data Center puts `Retry-After: 0` on every answer, so that it says nothing about
 * a 403.
 */
export function bitbucketStatusError(
	head: ResponseHead,
	description: string,
	hasToken: boolean,
	nowMs: number,
): SourceError {
	const answered = `${description} answered ${head.status}`;
	if (head.status === 401) {
		const hint = hasToken
			? "the token is wrong, has expired or may not read the repository; check CLEF_AGENT_VCS_TOKEN"
			: "it needs a token; set CLEF_AGENT_VCS_TOKEN";
		return new SourceError("SOURCE_UNAUTHORIZED", `${answered}: ${hint}.`);
	}
	if (head.status === 403) {
		const hint = "the token may not read it; give CLEF_AGENT_VCS_TOKEN permission to read the repository";
		return new SourceError("SOURCE_UNAUTHORIZED", `${answered}: ${hint}.`);
	}
	if (head.status === 429) {
		const wait = { retryAfterMs: retryAfterMs(head.headers, nowMs) ?? refillMs(head.headers) };
		return new SourceError("SOURCE_RATE_LIMITED", `${answered}: the rate limit is used up.`, wait);
	}
	return statusError(head, { description, credential: "CLEF_AGENT_VCS_TOKEN" }, nowMs);
}

/** Data Center says how often it hands out new requests. */
function refillMs(headers: Headers): number | undefined {
	const seconds = headers.get("x-ratelimit-interval-seconds")?.trim() ?? "";
	return /^\d{1,5}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}
