import { type SourceLocation, sourceOptionsFromLocation } from "@clef-sh/sources";
import * as v from "valibot";
import { bearerToken, httpUrl, oneOf, pathName, rsaPrivateKey, wholeNumber } from "./value-schema.js";
import type { Variable } from "./variable.js";

/** Where an artifact comes from, as `CLEF_AGENT_SOURCE` says it. */
export type LocatedSource = Exclude<SourceLocation, { kind: "unsupported" }>;

/** The artifact's place: a file or a URL. */
export const SOURCE: Variable<LocatedSource> = {
	name: "CLEF_AGENT_SOURCE",
	option: "source",
	fileAllowed: true,
	default: "none: this or `CLEF_AGENT_VCS_*` is required",
	range: "`http(s)://…`, `s3://bucket/key`, an S3 https URL, `file://…` or a path",
	secret: true,
	meaning: "Where the packed artifact is read from.",
	schema: v.pipe(
		v.string(),
		v.rawTransform<string, LocatedSource>(({ dataset, addIssue, NEVER }) => {
			const located = sourceOptionsFromLocation(dataset.value);
			if (located.kind !== "unsupported") return located;
			addIssue({ message: `is not usable: ${located.reason.replace(/\.$/, "")}` });
			return NEVER;
		}),
	),
};

/** Credential for an http(s) source. */
export const SOURCE_TOKEN: Variable<string> = {
	name: "CLEF_AGENT_SOURCE_TOKEN",
	option: "source.token",
	fileAllowed: true,
	default: "none",
	range: "visible ASCII, no spaces",
	secret: true,
	meaning: "Bearer token sent to an http(s) source; not to S3. A file is read again at each refresh.",
	schema: bearerToken(),
};

/** Cap on the artifact's body. */
export const MAX_ARTIFACT_BYTES: Variable<number> = {
	name: "CLEF_AGENT_MAX_ARTIFACT_BYTES",
	option: "source.maxBytes",
	fileAllowed: false,
	default: "`16777216`",
	range: "bytes, 1024–268435456",
	secret: false,
	meaning: "Largest artifact body that is read, counted after decompression.",
	schema: wholeNumber(1024, 268_435_456),
};

/** Which repository host. */
export const VCS_PROVIDER: Variable<"github" | "gitlab" | "bitbucket"> = {
	name: "CLEF_AGENT_VCS_PROVIDER",
	option: "source.kind",
	fileAllowed: false,
	default: "none: required for a repository",
	range: "`github`, `gitlab`, `bitbucket`",
	secret: false,
	meaning: "Repository host to read the artifact from.",
	schema: oneOf(["github", "gitlab", "bitbucket"]),
};

/** Which repository. */
export const VCS_REPO: Variable<string> = {
	name: "CLEF_AGENT_VCS_REPO",
	option: "source.repo",
	fileAllowed: false,
	default: "none: required for a repository",
	range: "`org/repo`; GitLab: any depth of groups, or the project's id",
	secret: false,
	meaning: "Repository that holds the packed artifacts.",
	schema: v.pipe(
		v.string(),
		v.regex(
			/^(?:\d+|~?[A-Za-z0-9_][\w.-]*(?:\/[A-Za-z0-9_.][\w.-]*)+)$/,
			"must have the form org/repo, of letters, digits, dots, underscores and hyphens",
		),
		v.check(
			(repo) => !repo.split("/").some((part) => /^\.+$/.test(part)),
			"must have the form org/repo, and no part of it may be only dots",
		),
	),
};

/** Credential for the repository host. */
export const VCS_TOKEN: Variable<string> = {
	name: "CLEF_AGENT_VCS_TOKEN",
	option: "source.token",
	fileAllowed: true,
	default: "none: public repositories only",
	range: "a token; Bitbucket also `email:api-token`",
	secret: true,
	meaning: "Token for the repository host. A file is read again at each refresh.",
	schema: bearerToken(),
};

/** Directory part of the artifact's path in the repository. */
export const VCS_IDENTITY: Variable<string> = {
	name: "CLEF_AGENT_VCS_IDENTITY",
	option: "source.identity",
	fileAllowed: false,
	default: "none: required for a repository",
	range: "letters, digits, `.`, `_`, `-`; no `..`",
	secret: false,
	meaning: "Service identity: the file is `.clef/packed/<identity>/<environment>.age.json`.",
	schema: pathName(),
};

/** File part of the artifact's path in the repository. */
export const VCS_ENVIRONMENT: Variable<string> = {
	name: "CLEF_AGENT_VCS_ENVIRONMENT",
	option: "source.environment",
	fileAllowed: false,
	default: "none: required for a repository",
	range: "letters, digits, `.`, `_`, `-`; no `..`",
	secret: false,
	meaning: "Target environment: see `CLEF_AGENT_VCS_IDENTITY`.",
	schema: pathName(),
};

/** Branch, tag or commit. */
export const VCS_REF: Variable<string> = {
	name: "CLEF_AGENT_VCS_REF",
	option: "source.ref",
	fileAllowed: false,
	default: "the repository's default branch",
	range: "branch, tag or commit",
	secret: false,
	meaning: "Which state of the repository is read.",
	schema: v.pipe(
		v.string(),
		v.regex(
			/^(?!-)(?!.*(?:\.\.|@\{))[^\p{Cc}\s~^:?*[\\]+$/u,
			"must be the name of a branch or tag, or a commit",
		),
	),
};

/** Self-hosted instances. */
export const VCS_API_URL: Variable<string> = {
	name: "CLEF_AGENT_VCS_API_URL",
	option: "source.apiUrl",
	fileAllowed: false,
	default: "the host's public API",
	range: "`https://…`; `http://…` with a warning",
	secret: false,
	meaning:
		"Base URL of a self-hosted instance's API, with its path: GitHub Enterprise, GitLab, Bitbucket Data Center.",
	schema: httpUrl(),
};

/** GitHub App that replaces a token. */
export const VCS_APP_ID: Variable<number> = {
	name: "CLEF_AGENT_VCS_APP_ID",
	option: "source.app.id",
	fileAllowed: false,
	default: "none",
	range: "a whole number",
	secret: false,
	meaning: "GitHub App to authenticate as, in place of a token.",
	schema: wholeNumber(1, Number.MAX_SAFE_INTEGER),
};

/** Installation of that app. */
export const VCS_APP_INSTALLATION_ID: Variable<number> = {
	name: "CLEF_AGENT_VCS_APP_INSTALLATION_ID",
	option: "source.app.installationId",
	fileAllowed: false,
	default: "none",
	range: "a whole number",
	secret: false,
	meaning: "Installation of the GitHub App.",
	schema: wholeNumber(1, Number.MAX_SAFE_INTEGER),
};

/** Key of that app. */
export const VCS_APP_PRIVATE_KEY: Variable<string> = {
	name: "CLEF_AGENT_VCS_APP_PRIVATE_KEY",
	option: "source.app.privateKey",
	fileAllowed: true,
	default: "none",
	range: "PEM, RSA, not encrypted",
	secret: true,
	meaning: "Private key of the GitHub App.",
	schema: rsaPrivateKey(),
};
