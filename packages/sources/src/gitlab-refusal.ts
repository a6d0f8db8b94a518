import type { BoundedResponse, ResponseHead } from "./bounded-fetch.js";
import type { GitlabPlace } from "./gitlab-place.js";
import { statusError } from "./http-status.js";
import { retryAfterMs } from "./retry-after.js";
import { shortJson } from "./short-json.js";
import { SourceError } from "./source-error.js";

/** GitLab's 404 names what it missed; anything else, such as a proxy's own page, is told in general. */
const ABSENCES: ReadonlyMap<string, string> = new Map([
	[
		"404 Project Not Found",
		"there is no such project, or the token may not see it, which GitLab does not tell apart; check CLEF_AGENT_VCS_REPO and CLEF_AGENT_VCS_TOKEN",
	],
	[
		"404 Commit Not Found",
		"the project has no such branch, tag or commit (without CLEF_AGENT_VCS_REF: no default branch); check CLEF_AGENT_VCS_REF",
	],
	[
		"404 File Not Found",
		"the project has no such file there (a directory is none); check CLEF_AGENT_VCS_IDENTITY, CLEF_AGENT_VCS_ENVIRONMENT and CLEF_AGENT_VCS_REF",
	],
]);

const UNKNOWN_ABSENCE =
	"the project, the branch or the file does not exist, or the token may not see the project; check CLEF_AGENT_VCS_REPO, CLEF_AGENT_VCS_REF, CLEF_AGENT_VCS_TOKEN and CLEF_AGENT_VCS_API_URL";

/** Names what a response means that is neither 200 nor 404. */
export function gitlabRefusal(head: ResponseHead, { description }: GitlabPlace, nowMs: number): SourceError {
	const error = statusError(head, { description, credential: "CLEF_AGENT_VCS_TOKEN" }, nowMs);
	const answered = `${description} answered ${head.status}`;
	if (error.code === "SOURCE_RATE_LIMITED") {
		const wait = error.retryAfterMs ?? untilReset(head.headers, nowMs);
		return new SourceError(error.code, error.message, { retryAfterMs: wait });
	}
	if (head.status === 401) {
		const hint = "it is wrong, expired or revoked, or belongs to another instance";
		return new SourceError("SOURCE_UNAUTHORIZED", `${answered}; check CLEF_AGENT_VCS_TOKEN: ${hint}.`);
	}
	if (head.status === 403) {
		const hint = "it needs the scope read_repository and at least the role Reporter in the project";
		return new SourceError("SOURCE_UNAUTHORIZED", `${answered}; check CLEF_AGENT_VCS_TOKEN: ${hint}.`);
	}
	return error;
}

/** Names what is missing behind a 404. */
export function gitlabAbsence({ bytes }: BoundedResponse, place: GitlabPlace): SourceError {
	const absence = ABSENCES.get(String(shortJson(bytes).message)) ?? UNKNOWN_ABSENCE;
	return new SourceError("SOURCE_NOT_FOUND", `${place.description} answered 404: ${absence}.`);
}

/** GitLab's headers lack the `X-` that others have. */
function untilReset(headers: Headers, nowMs: number): number | undefined {
	const names = ["remaining", "reset"];
	const renamed = names.map(
		(name) => [`x-ratelimit-${name}`, headers.get(`ratelimit-${name}`) ?? ""] as const,
	);
	return retryAfterMs(new Headers(Object.fromEntries(renamed)), nowMs);
}
