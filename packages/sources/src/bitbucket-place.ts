import type { BitbucketAddress } from "./bitbucket-address.js";
import { artifactPath, type RepositoryOptions } from "./repository.js";
import { SourceError } from "./source-error.js";

/** A file in a Bitbucket repository, every part of it checked. */
export interface BitbucketPlace {
	/** Workspace at Cloud, project key or `~user` at Data Center; then the repository's slug. Percent-encoded. */
	readonly owner: string;
	readonly slug: string;

	/** The file's path; needs no encoding. */
	readonly path: string;

	/** Branch, tag or commit; undefined for the default branch. */
	readonly ref: string | undefined;

	/** Names the place for people. */
	readonly description: string;
}

/** No segment of an address that `.` and `..` could lead out of; braces stand around a Cloud UUID. */
const REPOSITORY = /^(?!\.{1,2}\/)([\w~.{}-]+)\/(?!\.{1,2}$)([\w~.{}-]+)$/;

/** What Git allows as the name of a ref (`git check-ref-format`), without what nobody can see. */
const REF = /^(?!.*(?:\.\.|\/\/|@\{|\/\.|\.$|\/$))[^\s\p{C}~^:?*[\\/.-][^\s\p{C}~^:?*[\\]*$/u;

/** Reads a place out of options; throws `SOURCE_NOT_FOUND` for names that no repository or ref can have. */
export function bitbucketPlace(options: RepositoryOptions, { host }: BitbucketAddress): BitbucketPlace {
	const { repo, ref } = options;
	const path = artifactPath(options);
	const [, owner, slug] = REPOSITORY.exec(repo) ?? [];
	if (owner === undefined || slug === undefined) {
		const forms = "workspace/repository, at Data Center PROJECT/repository or ~user/repository";
		throw new SourceError("SOURCE_NOT_FOUND", `CLEF_AGENT_VCS_REPO must be ${forms}.`);
	}
	if (ref !== undefined && !REF.test(ref)) {
		const message = "CLEF_AGENT_VCS_REF is no name that a branch, tag or commit can have; check it.";
		throw new SourceError("SOURCE_NOT_FOUND", message);
	}
	const where = `${ref === undefined ? "" : ` at ${ref}`}${host === undefined ? "" : ` on ${host}`}`;
	const description = `bitbucket ${repo} ${path}${where}`;
	return { owner: encodeURIComponent(owner), slug: encodeURIComponent(slug), path, ref, description };
}
