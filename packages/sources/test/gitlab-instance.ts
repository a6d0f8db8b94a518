import { type GitlabServer, startGitlab } from "@clef-sh/testkit/gitlab-server";
import { printed } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, expect } from "vitest";
import type { GitlabSourceOptions } from "../src/gitlab-source.js";
import { createSource, type Source, SourceError, type SourceResult } from "../src/index.js";

export const TOKEN = "glpat-s3cret-of-the-test";
export const PROJECT = "acme/platform/secrets";
export const PATH = ".clef/packed/api/production.age.json";

/** The request line's address of the artifact at an instance without a prefix. */
export const RAW = `/api/v4/projects/acme%2Fplatform%2Fsecrets/repository/files/${encodeURIComponent(PATH)}/raw?ref=HEAD`;

/** Bytes that do not survive being taken for text and written again. */
export const BODY: Buffer = Buffer.from('{"version":1,"name":"Zürich\\u0000\xff"}\r\n', "latin1");

export const OPTIONS = {
	kind: "gitlab",
	repo: PROJECT,
	identity: "api",
	environment: "production",
	token: TOKEN,
} as const satisfies GitlabSourceOptions;

/** What a test changes of the options. */
export type Changes = Partial<GitlabSourceOptions>;

/** A fresh instance for each test of a file, which holds the artifact, and sources that read it. */
export interface GitlabInstance {
	readonly server: GitlabServer;
	source(changes?: Changes, fetchInstead?: typeof fetch): Source;
	read(validator?: object, changes?: Changes): Promise<SourceResult>;

	/** Reads, and checks of the failure what is true of each: a SourceError, one sentence, no secret in it. */
	failure(validator?: object, changes?: Changes): Promise<SourceError>;

	/** The methods of all requests so far. */
	methods(): readonly string[];
}

export function live(): AbortSignal {
	return new AbortController().signal;
}

/** Call it at the top of a test file. */
export function useGitlab(): GitlabInstance {
	let server: GitlabServer;
	beforeEach(async () => {
		server = await startGitlab({ tokens: { [TOKEN]: { kind: "access" } } });
		server.commit(PATH, BODY);
	});
	afterEach(() => server.close());
	const source: GitlabInstance["source"] = (changes = {}, fetchInstead = fetch) =>
		createSource(
			{ ...OPTIONS, apiUrl: server.url, ...changes },
			{ now: () => Date.UTC(2030, 0, 1), fetch: fetchInstead },
		);
	return {
		get server() {
			return server;
		},
		source,
		read: (validator, changes) => source(changes).read(validator, live()),
		failure: (validator, changes) => failureOf(source(changes).read(validator, live())),
		methods: () => server.requests.map(({ method }) => method),
	};
}

async function failureOf(reading: Promise<SourceResult>): Promise<SourceError> {
	const error = await reading.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (!(error instanceof SourceError)) throw new Error(`Expected a SourceError, got ${String(error)}.`);
	expect(printed(error)).not.toContain("s3cret");
	expect(error.message).toMatch(
		/^(?:Could not read )?gitlab [\w/]+ \.clef\/packed\/api\/\w+\.age\.json [^\n]+[^.]\.$/,
	);
	return error;
}
