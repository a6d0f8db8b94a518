import type { GithubApi, GithubCall } from "./github-api.js";
import type { GithubPlace } from "./github-place.js";
import { SourceError } from "./source-error.js";

/**
 * Finds out why GitHub has no such file, with one or two small requests: GitHub answers the same 404 for a wrong
 * repository, branch or path, and for a repository that the credential may not see.
 *
 * Rejects with the signal's reason when aborted; whatever else goes wrong, the answer is only less exact.
 */
export async function explainAbsence(
	api: GithubApi,
	place: GithubPlace,
	headers: Readonly<Record<string, string>>,
	signal: AbortSignal,
): Promise<SourceError> {
	const { owner, repo, ref } = place;
	const ask = (call: GithubCall) => statusOf(api, call, place, headers, signal);
	const repository = await ask((rest, common) => rest.repos.get({ ...common, owner, repo }));
	if (repository === 404) return absent(place, missingRepository(place, headers));
	if (repository !== 200) return absent(place, UNKNOWN);
	if (ref === undefined) return absent(place, missingFile("its default branch has no such file"));
	const commit = await ask((rest, common) => rest.repos.getCommit({ ...common, owner, repo, ref }));
	if (commit === 404 || commit === 422) {
		return absent(place, "the repository has no such branch, tag or commit; check CLEF_AGENT_VCS_REF");
	}
	return absent(place, missingFile(commit === 200 ? `${ref} has no such file` : "there is no such file"));
}

const UNKNOWN =
	"check CLEF_AGENT_VCS_REPO, _REF, _IDENTITY and _ENVIRONMENT, and what the credential for GitHub may read";

async function statusOf(
	api: GithubApi,
	call: GithubCall,
	{ description }: GithubPlace,
	headers: Readonly<Record<string, string>>,
	signal: AbortSignal,
): Promise<number | undefined> {
	const request = { description, headers, maxBytes: 0, wantsBody: () => false };
	try {
		return (await api.send(call, request, signal)).status;
	} catch {
		signal.throwIfAborted();
		return undefined;
	}
}

function missingRepository({ owner, repo }: GithubPlace, headers: Readonly<Record<string, string>>): string {
	const credential =
		"authorization" in headers
			? "the credential for GitHub may read it"
			: "CLEF_AGENT_VCS_TOKEN is set if it is private";
	return `there is no repository ${owner}/${repo}, or it is hidden; check CLEF_AGENT_VCS_REPO and that ${credential}`;
}

function missingFile(what: string): string {
	return `${what}; check CLEF_AGENT_VCS_IDENTITY and CLEF_AGENT_VCS_ENVIRONMENT, and that the artifact was pushed`;
}

function absent({ description }: GithubPlace, sentence: string): SourceError {
	return new SourceError("SOURCE_NOT_FOUND", `${description} answered 404: ${sentence}.`);
}
