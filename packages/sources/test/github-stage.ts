import type { OutgoingHttpHeaders } from "node:http";
import {
	type GithubServer,
	type GithubServerOptions,
	startGithubServer,
} from "@clef-sh/testkit/github-server";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import type { Behaviour } from "@clef-sh/testkit/servers";
import type { Stage } from "@clef-sh/testkit/source-conformance";
import type { GithubSourceOptions } from "../src/github-source.js";
import { createSource, type SourceEnvironment, SourceError, type Validator } from "../src/index.js";

/** Each limit has a length of its own, so that a test can fire the one it means. */
export const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };

export const TOKEN = "github_pat_5ecret";
export const PATH = ".clef/packed/api/production.age.json";
export const PLACE = {
	kind: "github",
	repo: "acme/app",
	identity: "api",
	environment: "production",
} as const;

/** A fake GitHub that holds one artifact, and a source that reads it. */
export interface GithubStage extends Stage {
	readonly server: GithubServer;
	readonly timers: HandFiredTimers;

	/** The origin the next request goes to instead, when set. */
	detour: string | undefined;

	hold(bytes: Uint8Array): void;

	/** Reads with another source at the same place. */
	read(options?: Partial<GithubSourceOptions>, validator?: Validator): ReturnType<Stage["source"]["read"]>;

	/** The error of a read that must fail. */
	failure(options?: Partial<GithubSourceOptions>, validator?: Validator): Promise<SourceError>;
}

/** Opens both; options without a token are for Apps and strangers. */
export async function openGithub(
	bytes: Uint8Array,
	credential: Partial<GithubSourceOptions> = { token: TOKEN },
	serverOptions: GithubServerOptions = {},
	environment: Partial<SourceEnvironment> = {},
): Promise<GithubStage> {
	const server = await startGithubServer({ basePath: "/api/v3", ...serverOptions });
	const timers = new HandFiredTimers();
	server.repositories.add("acme/app");
	server.repositories.put("acme/app", PATH, { kind: "file", bytes });
	server.allow(TOKEN, ["acme/app"]);
	const make = (options: Partial<GithubSourceOptions>) =>
		createSource(
			{ ...PLACE, apiUrl: `${server.apiUrl}/`, maxBytes: 2000, timeouts: TIMEOUTS, ...options },
			{
				timers,
				fetch: (input, init) => fetch(String(input).replace(server.url, stage.detour ?? server.url), init),
				...environment,
			},
		);
	const stage: GithubStage = {
		source: make(credential),
		secrets: [TOKEN, "?", "s1gned", "PRIVATE KEY", "ghs_", "eyJ"],
		server,
		timers,
		detour: undefined,
		close: server.close,
		hold: (next) => {
			stage.detour = undefined;
			server.repositories.put("acme/app", PATH, { kind: "file", bytes: next });
			server.recover();
		},
		read: (options = credential, validator) => make(options).read(validator, live()),
		failure: async (options = credential, validator) => {
			const error = await make(options)
				.read(validator, live())
				.catch((reason: unknown) => reason);
			if (error instanceof SourceError) return error;
			throw new Error(`Expected a SourceError, got ${JSON.stringify(error)}.`);
		},
	};
	return stage;
}

/** The behaviour under the type of a raw file, which only then is read at all. */
export function asRaw(behaviour: Behaviour): Behaviour {
	return (request, response) => {
		const writeHead = response.writeHead.bind(response);
		const type = { "content-type": "application/vnd.github.raw+json; charset=utf-8" };
		response.writeHead = (status: number, headers = {}) =>
			writeHead(status, { ...(headers as OutgoingHttpHeaders), ...type });
		behaviour(request, response);
	};
}

/** A signal that is never aborted. */
export function live(): AbortSignal {
	return new AbortController().signal;
}
