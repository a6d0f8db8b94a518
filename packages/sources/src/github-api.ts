import type { Octokit } from "@octokit/rest";
import type { BoundedRequest, BoundedResponse, HttpTimeouts } from "./bounded-fetch.js";
import { throughOctokit } from "./bounded-octokit-fetch.js";
import { loadOctokit } from "./github-octokit.js";
import type { SourceEnvironment } from "./source.js";

/** GitHub Enterprise Server knows this version, too. */
const API_VERSION = "2022-11-28";

/** Parameters that every call of an endpoint takes. */
interface CommonParameters {
	readonly headers: Record<string, string>;
	readonly request: { readonly fetch: typeof globalThis.fetch };
}

/** Calls one of Octokit's endpoint methods with the common parameters. */
export type GithubCall = (rest: Octokit["rest"], common: CommonParameters) => Promise<unknown>;

/** What a call needs beside its endpoint. */
export type GithubRequest = Pick<BoundedRequest, "description" | "headers" | "maxBytes" | "wantsBody">;

/** One GitHub API: its endpoints as Octokit knows them, bounded as every read is. */
export class GithubApi {
	readonly #apiUrl: string;
	readonly #timeouts: HttpTimeouts;
	readonly #environment: SourceEnvironment;
	#octokit: Promise<Octokit> | undefined;

	constructor(apiUrl: string, timeouts: HttpTimeouts, environment: SourceEnvironment) {
		this.#apiUrl = apiUrl;
		this.#timeouts = timeouts;
		this.#environment = environment;
	}

	/** Wall clock, epoch milliseconds. */
	now(): number {
		return this.#environment.now();
	}

	/** Resolves with the answer whatever its status; rejects as `boundedFetch` does. */
	async send(call: GithubCall, request: GithubRequest, signal: AbortSignal): Promise<BoundedResponse> {
		this.#octokit ??= loadOctokit(this.#apiUrl);
		const { rest } = await this.#octokit;
		const { headers: own, ...limits } = request;
		const headers = { "x-github-api-version": API_VERSION, ...own };
		return throughOctokit(
			(fetch) => call(rest, { headers, request: { fetch } }),
			{ ...limits, timeouts: this.#timeouts },
			this.#environment,
			signal,
		);
	}
}
