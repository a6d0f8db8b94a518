import { SourceError } from "./source-error.js";

/** A credential as Gitbeaker takes it; the name decides the header. Empty for reading as anybody. */
export type GitlabCredential =
	| { readonly token: string }
	| { readonly oauthToken: string }
	| { readonly jobToken: string }
	| Readonly<Record<string, never>>;

/** Tokens that GitLab hands out for something else than its API, by their fixed prefixes. */
const OTHER_TOKENS: ReadonlyMap<string, string> = new Map([
	["gldt", "a deploy token"],
	["gloas", "an OAuth application secret"],
	["glrt", "a runner token"],
	["glrtr", "a runner token"],
	["glptt", "a pipeline trigger token"],
	["glft", "a feed token"],
	["glimt", "an incoming mail token"],
	["glagent", "an agent token for Kubernetes"],
	["glwt", "a workspace token"],
	["glsoat", "a SCIM token"],
	["glffct", "a feature flags client token"],
]);

/** An instance may put a prefix of its own in front of the fixed one: `acme-glcbt-…`. */
const PREFIX = /^(?:[\w-]+?-)??(gl[a-z]+)-/;

/** What GitLab's OAuth server issues has no prefix. */
const OAUTH_TOKEN = /^[0-9a-f]{64}$/;

/**
 * Decides by its look how a token is sent: a job token (`glcbt-`) as `JOB-TOKEN`, an OAuth token (64 hex digits)
 * as Bearer, everything else as `PRIVATE-TOKEN`.
 *
 * Throws `SOURCE_UNAUTHORIZED` for a token that no header can carry, or that is of a kind the API refuses.
 */
export function gitlabCredential(token: string | undefined): GitlabCredential {
	if (token === undefined) return {};
	if (!/^[\x21-\x7e]+$/.test(token)) {
		throw unusable("is empty or holds spaces or characters that no header can carry; set it again");
	}
	if (OAUTH_TOKEN.test(token)) return { oauthToken: token };
	const prefix = PREFIX.exec(token)?.[1] ?? "";
	if (prefix === "glcbt") return { jobToken: token };
	const kind = OTHER_TOKENS.get(prefix);
	if (kind === undefined) return { token };
	throw unusable(
		`holds ${kind} (${prefix}-), which GitLab's API does not take; use a project access token with the scope read_repository`,
	);
}

function unusable(what: string): SourceError {
	return new SourceError("SOURCE_UNAUTHORIZED", `CLEF_AGENT_VCS_TOKEN ${what}.`);
}
