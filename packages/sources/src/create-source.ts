import type { BitbucketSourceOptions } from "./bitbucket-source.js";
import { createBitbucketSource } from "./create-bitbucket-source.js";
import { FileSource, type FileSourceOptions } from "./file-source.js";
import { GithubSource, type GithubSourceOptions } from "./github-source.js";
import { GitlabSource, type GitlabSourceOptions } from "./gitlab-source.js";
import { HttpSource, type HttpSourceOptions } from "./http-source.js";
import { InlineSource, type InlineSourceOptions } from "./inline-source.js";
import { createOutboundFetch } from "./outbound-fetch.js";
import { S3Source, type S3SourceOptions } from "./s3-source.js";
import type { Source, SourceEnvironment } from "./source.js";

/** Everything a source can be made from. */
export type SourceOptions =
	| BitbucketSourceOptions
	| FileSourceOptions
	| GithubSourceOptions
	| GitlabSourceOptions
	| HttpSourceOptions
	| InlineSourceOptions
	| S3SourceOptions;

/** The cap on an artifact's body where none is given: 16 MiB. */
export const DEFAULT_MAX_BYTES = 16_777_216;

const SYSTEM: SourceEnvironment = {
	fetch: createOutboundFetch(process.env),
	timers: {
		setTimeout(callback, ms) {
			// A pending connection keeps the process alive by itself; a deadline or a poll need not.
			const timer = setTimeout(callback, ms).unref();
			return () => clearTimeout(timer);
		},
	},
	now: Date.now,
};

/**
 * Makes the source for the given options; the one place where the kind is chosen.
 *
 * Nothing is read yet. Throws `SourceError` for an http source with an invalid URL or an unusable credential.
 */
export function createSource(options: SourceOptions, environment: Partial<SourceEnvironment> = {}): Source {
	const outside = { ...SYSTEM, ...environment };
	switch (options.kind) {
		case "bitbucket":
			return createBitbucketSource(capped(options), outside);
		case "file":
			return new FileSource(capped(options), outside);
		case "github":
			return new GithubSource(capped(options), outside);
		case "gitlab":
			return new GitlabSource(capped(options), outside);
		case "http":
			return new HttpSource(capped(options), outside);
		case "inline":
			return new InlineSource(options);
		case "s3":
			return new S3Source(capped(options), outside);
	}
}

function capped<T extends { readonly maxBytes?: number }>(options: T): T & { readonly maxBytes: number } {
	return { ...options, maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES };
}
