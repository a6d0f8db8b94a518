import type { IncomingMessage, ServerResponse } from "node:http";
import { appOfJwt, exchange, type GithubAppRegistration, type InstallationGrant } from "./github-apps.js";
import { contents, type GithubAnswer, json, refusal } from "./github-contents.js";
import { GithubQuotas } from "./github-quotas.js";
import { GithubRepositories, type GithubRepository } from "./github-repositories.js";
import { type Behaviour, startServer, type TestServer } from "./servers.js";

export type { GithubAppRegistration } from "./github-apps.js";
export type { GithubEntry } from "./github-repositories.js";

/** How the fake starts. */
export interface GithubServerOptions {
	/** Where the API begins, such as `/api/v3`; at the root when absent. */
	readonly basePath?: string;

	/** The origin that redirects name; the server's own when absent. */
	readonly origin?: string;
	readonly apps?: readonly GithubAppRegistration[];

	/** Wall clock, epoch milliseconds. */
	readonly now?: () => number;
}

/** What one request to the API cost. */
export interface GithubCost {
	readonly status: number;
	readonly bodyBytes: number;

	/** What is left of the caller's hourly quota after it. */
	readonly remaining: number;
}

/**
 * GitHub's REST API as far as an agent meets it, on loopback: repositories, contents, commits and the token
 * exchange of Apps, with primary rate limits; written from GitHub's public reference of these endpoints.
 */
export interface GithubServer extends TestServer {
	/** Base URL of the API, without a slash at the end. */
	readonly apiUrl: string;
	readonly repositories: GithubRepositories;
	readonly quotas: GithubQuotas;

	/** What each request cost that the API itself answered, oldest first. */
	readonly costs: readonly GithubCost[];

	/** Lets a token read these repositories, whatever kind of token it is. */
	allow(token: string, repositories: readonly string[]): void;

	/** Makes a token, of a user or an installation, invalid. */
	revoke(token: string): void;

	/** Ends whatever `respondWith` set: the API answers again. */
	recover(): void;
}

/** Somebody who asks; the anonymous one has no name. */
interface Caller {
	readonly name: string;
	readonly repositories: readonly string[];
}

const ANONYMOUS: Caller = { name: "", repositories: [] };

/** Starts the fake without any repository. */
export async function startGithubServer(options: GithubServerOptions = {}): Promise<GithubServer> {
	const github = new Github(options);
	const server = await startServer();
	const api: Behaviour = (request, response) => {
		// The server has read the body and recorded the request just now.
		github.answer(request, response, server.requests.at(-1)?.body ?? "");
	};
	server.respondWith(api);
	github.origin ??= server.url;
	return Object.assign(server, {
		apiUrl: `${server.url}${options.basePath ?? ""}`,
		repositories: github.repositories,
		quotas: github.quotas,
		costs: github.costs,
		allow: (token: string, repositories: readonly string[]) => void github.tokens.set(token, repositories),
		revoke: (token: string) => github.revoke(token),
		recover: () => server.respondWith(api),
	});
}

class Github {
	readonly repositories = new GithubRepositories();
	readonly quotas: GithubQuotas;
	readonly costs: GithubCost[] = [];
	readonly tokens = new Map<string, readonly string[]>();
	readonly #grants: InstallationGrant[] = [];
	readonly #basePath: string;
	readonly #apps: readonly GithubAppRegistration[];
	readonly #now: () => number;
	origin: string | undefined;

	constructor({ basePath = "", origin, apps = [], now = Date.now }: GithubServerOptions) {
		this.#basePath = basePath;
		this.#apps = apps;
		this.#now = now;
		this.origin = origin;
		this.quotas = new GithubQuotas(now);
	}

	revoke(token: string): void {
		this.tokens.delete(token);
		const index = this.#grants.findIndex((grant) => grant.token === token);
		if (index >= 0) this.#grants.splice(index, 1);
	}

	answer(request: IncomingMessage, response: ServerResponse, body: string): void {
		const { holder, answer } = this.#answer(request, body);
		// By "Best practices": a 304 is free to those who say who they are.
		const free = answer.status === 304 && holder !== "";
		if (!free && answer.status !== 401) this.quotas.spend(holder);
		const bodyBytes = Buffer.byteLength(answer.body);
		this.costs.push({ status: answer.status, bodyBytes, remaining: this.quotas.remaining(holder) });
		response.writeHead(answer.status, {
			...(answer.status !== 304 && { "content-length": bodyBytes }),
			...this.quotas.headers(holder),
			...answer.headers,
		});
		response.end(answer.body);
	}

	#answer(request: IncomingMessage, body: string): { holder: string; answer: GithubAnswer } {
		const { method = "", url = "", headers } = request;
		const { pathname, searchParams } = new URL(url, "http://localhost");
		const bearer = /^(?:bearer|token) (.+)$/i.exec(headers.authorization ?? "")?.[1];
		if (!pathname.startsWith(`${this.#basePath}/`)) {
			const page = { "content-type": "text/html" };
			return { holder: "", answer: { status: 404, headers: page, body: "<!doctype html>" } };
		}
		const path = pathname.slice(this.#basePath.length);
		const installation = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path)?.[1];
		if (method === "POST" && installation !== undefined) {
			return { holder: "jwt", answer: this.#exchange(bearer ?? "", Number(installation), body) };
		}
		const caller = bearer === undefined ? ANONYMOUS : this.#callerOf(bearer);
		if (caller === undefined) return { holder: "", answer: refusal(401, "Bad credentials") };
		if (this.quotas.remaining(caller.name) === 0) {
			return { holder: caller.name, answer: refusal(403, "API rate limit exceeded.") };
		}
		return { holder: caller.name, answer: this.#read(request, caller, path, searchParams) };
	}

	#callerOf(token: string): Caller | undefined {
		const repositories = this.tokens.get(token);
		if (repositories !== undefined) return { name: token, repositories };
		const grant = this.#grants.find((each) => each.token === token);
		if (grant === undefined || grant.expiresAtMs <= this.#now()) return undefined;
		const readable = grant.permissions.contents === undefined ? [] : grant.repositories;
		return { name: `installation ${grant.installationId}`, repositories: readable };
	}

	#exchange(jwt: string, installationId: number, body: string): GithubAnswer {
		const app = appOfJwt(jwt, this.#apps, this.#now());
		const answer = exchange(app, installationId, body, this.#now());
		if (answer.status !== 201) return refusal(answer.status, answer.message);
		const { token, expiresAtMs, permissions, repositories } = answer.grant;
		this.#grants.push(answer.grant);
		const expires_at = `${new Date(expiresAtMs).toISOString().slice(0, 19)}Z`;
		const full_names = repositories.map((full_name) => ({ full_name }));
		return json(201, {
			token,
			expires_at,
			permissions,
			repository_selection: "selected",
			repositories: full_names,
		});
	}

	#read(request: IncomingMessage, caller: Caller, path: string, query: URLSearchParams): GithubAnswer {
		const named = /^\/repos\/([^/]+\/[^/]+)(\/.*)?$/.exec(path);
		const numbered = /^\/repositories\/(\d+)(\/.*)?$/.exec(path);
		const [, name, rest = ""] = named ?? numbered ?? [];
		const found = named ? this.repositories.find(name ?? "") : this.repositories.findById(Number(name));
		const former = named && !found ? this.repositories.findFormer(name ?? "") : undefined;
		const repository = found ?? former;
		if (repository === undefined || !mayRead(caller, repository)) return refusal(404, "Not Found");
		if (former !== undefined) {
			const search = query.size > 0 ? `?${query}` : "";
			const location = `${this.origin}${this.#basePath}/repositories/${former.id}${rest}${search}`;
			return json(301, { message: "Moved Permanently", url: location }, { location });
		}
		return ofRepository(request, repository, rest, query);
	}
}

function mayRead(caller: Caller, repository: GithubRepository): boolean {
	return !repository.private || caller.repositories.includes(repository.name);
}

function ofRepository(
	request: IncomingMessage,
	repository: GithubRepository,
	rest: string,
	query: URLSearchParams,
): GithubAnswer {
	const { name, defaultBranch } = repository;
	if (rest === "")
		return json(200, { full_name: name, default_branch: defaultBranch, private: repository.private });
	const commit = /^\/commits\/(.+)$/.exec(rest)?.[1];
	if (commit !== undefined) {
		const ref = decodeURIComponent(commit);
		const known = repository.refs.has(ref);
		return known ? json(200, { sha: "0".repeat(40) }) : refusal(422, `No commit found for SHA: ${ref}`);
	}
	const path = /^\/contents\/(.+)$/.exec(rest)?.[1];
	if (path === undefined) return refusal(404, "Not Found");
	return contents(request, repository, decodeURIComponent(path), query.get("ref") ?? undefined);
}
