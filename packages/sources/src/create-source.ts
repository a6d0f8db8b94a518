import type { BitbucketSourceOptions } from "./bitbucket-source.js";
import { createBitbucketSource } from "./create-bitbucket-source.js";
import { FileSource, type FileSourceOptions } from "./file-source.js";
import { GithubSource, type GithubSourceOptions } from "./github-source.js";
import { GitlabSource, type GitlabSourceOptions } from "./gitlab-source.js";
import { HttpSource, type HttpSourceOptions } from "./http-source.js";
import { InlineSource, type InlineSourceOptions } from "./inline-source.js";
import { createOutboundFetch } from "./outbound-fetch.js";
import { RotatingSource, type TokenReading } from "./rotating-source.js";
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
			return rotating(capped(options), (current) => createBitbucketSource(current, outside));
		case "file":
			return new FileSource(capped(options), outside);
		case "github":
			return rotating(capped(options), (current) => new GithubSource(current, outside));
		case "gitlab":
			return rotating(capped(options), (current) => new GitlabSource(current, outside));
		case "http":
			return rotating(capped(options), (current) => new HttpSource(current, outside));
		case "inline":
			return new InlineSource(options);
		case "s3":
			return new S3Source(capped(options), outside);
	}
}

interface Rotatable {
	readonly token?: string;
	readonly rereadToken?: TokenReading;
}

function rotating<T extends Rotatable>(options: T, make: (options: T) => Source): Source {
	const { rereadToken, token } = options;
	if (rereadToken === undefined || token === undefined) return make(options);
	return new RotatingSource(rereadToken, token, (current) => make({ ...options, token: current }));
}

function capped<T extends { readonly maxBytes?: number }>(options: T): T & { readonly maxBytes: number } {
	return { ...options, maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES };
}
