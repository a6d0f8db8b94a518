import type { IncomingMessage } from "node:http";
import { type Answer, type BitbucketApi, startBitbucketApi } from "./bitbucket-api.js";
import { BitbucketRepository } from "./bitbucket-repository.js";

/** A fake of Bitbucket Data Center with one private repository. */
export interface BitbucketDataCenterServer extends BitbucketApi {
	/** The product's base URL, with its context path. */
	readonly url: string;
	readonly repository: BitbucketRepository;

	/** The `Authorization` headers that are let in. */
	readonly credentials: Set<string>;

	/** Tokens left in the bucket; then 429. Infinite: rate limiting is off, and no header speaks of it. */
	tokens: number;

	/** The `Retry-After` of a 429. */
	retryAfter: string | undefined;
}

type State = Pick<BitbucketDataCenterServer, "repository" | "credentials" | "tokens" | "retryAfter">;

/** Where the product is installed and what its repository is called. */
export interface BitbucketDataCenterOptions {
	/** Such as `/bitbucket`; none when absent. */
	readonly contextPath?: string;

	/** `PROJECT/repo` or `~user/repo`; `ACME/app` when absent. */
	readonly repo?: string;
}

/**
 * Starts a fake that follows the Data Center REST API reference: group Repository (`commits`, `raw`, `browse`),
 * "errors & validation", paging, and the token bucket headers of "Improving instance stability with rate limiting".
 */
export async function startBitbucketDataCenterServer({
	contextPath = "",
	repo = "ACME/app",
}: BitbucketDataCenterOptions = {}): Promise<BitbucketDataCenterServer> {
	const state: State = {
		repository: new BitbucketRepository(),
		credentials: new Set(),
		tokens: Number.POSITIVE_INFINITY,
		retryAfter: "5",
	};
	const [project, slug] = repo.split("/");
	const api = await startBitbucketApi((request) => {
		const { pathname, searchParams } = new URL(request.url ?? "", "http://loopback");
		const path = decodeURIComponent(pathname);
		const prefix = ["latest", "1.0"]
			.map((version) => `${contextPath}/rest/api/${version}/projects/${project}/repos/${slug}`)
			.find((start) => path === start || path.startsWith(`${start}/`));
		if (!path.startsWith(`${contextPath}/rest/api/`)) return { status: 404, body: "<html>" };
		return admit(state, request, () =>
			prefix === undefined
				? failure(404, "repository.NoSuchRepositoryException")
				: route(state.repository, path.slice(prefix.length), searchParams),
		);
	});
	return Object.assign(state, api, { url: `${api.server.url}${contextPath}` });
}

/** Everything that authenticates itself costs a token, and is told how many are left. */
function admit(state: State, { headers }: IncomingMessage, answer: () => Answer): Answer {
	if (headers.authorization === undefined || !state.credentials.has(headers.authorization)) {
		return failure(401, "AuthorisationException");
	}
	const limited = state.tokens <= 0;
	const bucket = {
		"x-ratelimit-limit": 60,
		"x-ratelimit-remaining": Math.max(state.tokens - 1, 0),
		"x-ratelimit-interval-seconds": 20,
		"x-ratelimit-fillrate": 5,
		...(state.retryAfter !== undefined && { "retry-after": limited ? state.retryAfter : "0" }),
	};
	state.tokens--;
	const { headers: own, ...rest } = limited ? failure(429, "RateLimitedException") : answer();
	return { ...rest, headers: { ...own, ...(state.tokens < 1e9 && bucket) } };
}

function route(repository: BitbucketRepository, address: string, query: URLSearchParams): Answer {
	if (address === "") return json({ slug: "app", state: "AVAILABLE", scmId: "git" });
	const [, resource, path = ""] = /^\/(commits|raw|browse)(?:\/(.+))?$/s.exec(address) ?? [];
	const ref = query.get("until") ?? query.get("at") ?? repository.defaultBranch;
	const commit = ref === undefined ? undefined : repository.resolve(ref);
	if (commit === undefined) return failure(404, "commit.NoSuchCommitException");
	if (resource === "commits") return commits(repository, commit, query);
	const entry = repository.entry(commit, path);
	if (entry === undefined) return failure(404, "content.NoSuchPathException");
	if (resource === "browse")
		return json(query.get("type") === "true" ? { type: entry === "directory" ? "DIRECTORY" : "FILE" } : {});
	if (entry === "directory") return failure(400, "content.NotAFileException");
	const headers = { "content-type": "text/plain;charset=UTF-8", "content-disposition": "attachment" };
	return { status: 200, headers, body: entry.bytes };
}

function commits(repository: BitbucketRepository, commit: string, query: URLSearchParams): Answer {
	const path = query.get("path");
	const id = path === null ? commit : repository.lastChange(commit, path);
	const author = { name: "dev", emailAddress: "dev@acme.example" };
	const stamped = { author, authorTimestamp: 1, committer: author, committerTimestamp: 1, message: "Pack" };
	const values = id === undefined ? [] : [{ id, displayId: id.slice(0, 11), ...stamped, parents: [] }];
	const limit = Number(query.get("limit") ?? 25);
	return json({ values, size: values.length, isLastPage: true, start: 0, limit, nextPageStart: null });
}

function failure(status: number, exception: string): Answer {
	const error = { context: null, message: "Refused.", exceptionName: `com.atlassian.bitbucket.${exception}` };
	return { ...json({ errors: [error] }), status };
}

function json(value: object): Answer {
	const headers = { "content-type": "application/json;charset=UTF-8" };
	return { status: 200, headers, body: JSON.stringify(value) };
}
