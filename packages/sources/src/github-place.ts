import { artifactPath, type RepositoryOptions } from "./repository.js";
import { SourceError } from "./source-error.js";

/** Where at GitHub an artifact lies, checked. */
export interface GithubPlace {
	/** Names the place for people; holds no secret. */
	readonly description: string;
	readonly owner: string;
	readonly repo: string;
	readonly path: string;
	readonly ref?: string;

	/** Base URL of the API, without a slash at the end. */
	readonly apiUrl: string;
}

const PUBLIC_API = "https://api.github.com";

/** Neither segment can be `.` or `..`, which a URL would resolve. */
const REPOSITORY = /^(?!\.{1,2}\/)([\w.-]+)\/(?!\.{1,2}$)([\w.-]+)$/;

/** Reads the place out of the options; throws `SourceError` naming the variable that cannot be meant. */
export function githubPlace(options: RepositoryOptions): GithubPlace {
	const [, owner, repo] = REPOSITORY.exec(options.repo) ?? [];
	if (owner === undefined || repo === undefined) {
		const message = "CLEF_AGENT_VCS_REPO must be owner/repository, as in the repository's address.";
		throw new SourceError("SOURCE_NOT_FOUND", message);
	}
	const { ref } = options;
	if (ref !== undefined && !/^[^\s\p{Cc}]+$/u.test(ref)) {
		const message = "CLEF_AGENT_VCS_REF must be a branch, tag or commit, without spaces.";
		throw new SourceError("SOURCE_NOT_FOUND", message);
	}
	const path = artifactPath(options);
	const apiUrl = options.apiUrl === undefined ? PUBLIC_API : readApiUrl(options.apiUrl);
	const at = ref === undefined ? "" : ` at ${ref}`;
	const on = apiUrl === PUBLIC_API ? "" : ` on ${new URL(apiUrl).host}`;
	const description = `github ${owner}/${repo} ${path}${at}${on}`;
	return { description, owner, repo, path, apiUrl, ...(ref !== undefined && { ref }) };
}

/** The URL's own parse error would quote its input, and that may hold a password. */
function readApiUrl(text: string): string {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const bare = url && !url.username && !url.password && !url.search && !url.hash;
	if (bare && /^https?:$/.test(url.protocol)) return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
	const message =
		"CLEF_AGENT_VCS_API_URL must be an http(s) URL without userinfo, query and fragment, such as https://ghe.example/api/v3.";
	throw new SourceError("SOURCE_UNREACHABLE", message, { retryable: false });
}
