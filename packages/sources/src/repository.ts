import type { HttpTimeouts } from "./bounded-fetch.js";
import type { TokenReading } from "./rotating-source.js";
import { SourceError } from "./source-error.js";

/** An artifact in a repository, whichever host keeps it. */
export interface RepositoryOptions {
	/** `org/repo`; at GitLab any depth of groups. */
	readonly repo: string;

	/** Service identity and environment: checked names that make up the artifact's path. */
	readonly identity: string;
	readonly environment: string;

	/** Branch, tag or commit; the repository's default branch when absent. */
	readonly ref?: string;

	/** Base URL of a self-hosted instance's API, with its path; the host's public API when absent. */
	readonly apiUrl?: string;
	readonly token?: string;

	/** Where the token may be rotated: gives its present text. Needs a first `token`. */
	readonly rereadToken?: TokenReading;

	/** Cap on the inflated body; 16 MiB when absent. */
	readonly maxBytes?: number;
	readonly timeouts?: Partial<HttpTimeouts>;
}

/** A name that is one segment of a path and nothing else. */
const NAME = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Where a packed artifact lies in its repository: `.clef/packed/<identity>/<environment>.age.json`.
 *
 * Throws `SOURCE_NOT_FOUND` for a name that could lead elsewhere.
 */
export function artifactPath({ identity, environment }: RepositoryOptions): string {
	for (const name of [identity, environment]) {
		if (NAME.test(name)) continue;
		const message =
			"Identity and environment must be letters, digits, dots, underscores and hyphens, without two dots in a row.";
		throw new SourceError("SOURCE_NOT_FOUND", message);
	}
	return `.clef/packed/${identity}/${environment}.age.json`;
}
