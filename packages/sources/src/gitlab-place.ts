import { artifactPath, type RepositoryOptions } from "./repository.js";
import { SourceError } from "./source-error.js";

/** Where an artifact lies at a GitLab instance. */
export interface GitlabPlace {
	/** Origin and path prefix, without `/api/v4` and without a slash at the end. */
	readonly host: string;

	/** Full path with all its groups, or a numeric id. */
	readonly project: string;

	/** The file's path inside the repository. */
	readonly path: string;

	/** `HEAD` stands for the default branch. */
	readonly ref: string;

	/** Names the place for people. */
	readonly description: string;
}

const PUBLIC_HOST = "https://gitlab.com";

/** Groups and project, each a name of GitLab's alphabet; or the project's id. */
const PROJECT = /^(?:\d+|(?!.*(?:^|\/)\.\.?(?:\/|$))[\w.][\w.-]*(?:\/[\w.][\w.-]*)+)$/;

/**
 * Finds the place that the options name.
 *
 * Throws `SourceError` for a repository, identity, environment or API URL that cannot be one.
 */
export function gitlabPlace(options: RepositoryOptions): GitlabPlace {
	const { repo, ref, apiUrl } = options;
	if (!PROJECT.test(repo)) {
		const message =
			"CLEF_AGENT_VCS_REPO is not the path of a GitLab project; give group/project as in its address, without host and .git.";
		throw new SourceError("SOURCE_NOT_FOUND", message);
	}
	const path = artifactPath(options);
	const host = apiUrl === undefined ? PUBLIC_HOST : instance(apiUrl);
	const where = host === PUBLIC_HOST ? "" : ` on ${host.replace(/^https?:\/\//, "")}`;
	const at = ref === undefined ? "" : ` at ${ref}`;
	return {
		host,
		project: repo,
		path,
		ref: ref ?? "HEAD",
		description: `gitlab ${repo} ${path}${at}${where}`,
	};
}

/** Takes the instance's own address as well as that of its API. */
function instance(apiUrl: string): string {
	const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
	const web = url?.protocol === "https:" || url?.protocol === "http:";
	if (!url || !web || url.username || url.password || url.search || url.hash) {
		const message =
			"CLEF_AGENT_VCS_API_URL is not a plain http(s) URL; give the address of the GitLab instance, such as https://gitlab.example.com/api/v4.";
		throw new SourceError("SOURCE_UNREACHABLE", message, { retryable: false });
	}
	const prefix = url.pathname.replace(/\/+$/, "").replace(/\/api(?:\/v4)?$/, "");
	return url.origin + prefix;
}
