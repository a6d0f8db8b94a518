import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Answer, type BitbucketApi, startBitbucketApi } from "./bitbucket-api.js";
import { BitbucketRepository } from "./bitbucket-repository.js";
import { answersUnmodified } from "./conditional-request.js";

/** A fake of Bitbucket Cloud with one private repository, `acme/app`. */
export interface BitbucketServer extends BitbucketApi {
	/** The API's base URL; ends in `/2.0`. */
	readonly url: string;
	readonly repository: BitbucketRepository;

	/** The `Authorization` headers that are let in. */
	readonly credentials: Set<string>;

	/** Those that may not read the repository although they are valid. */
	readonly unscoped: Set<string>;

	/** Requests left in the hour; then 429. */
	quota: number;

	/** Seconds that a 429 asks for; Bitbucket does not always say. */
	retryAfter: string | undefined;

	/** Whether `If-None-Match` counts; the reference promises the ETag, not the 304. */
	conditional: boolean;
}

type State = Pick<
	BitbucketServer,
	"repository" | "credentials" | "unscoped" | "quota" | "retryAfter" | "conditional"
>;

/**
 * Starts a fake that follows the REST API 2.0 reference: groups Repositories, Refs, Commits and Source,
 * "partial response" (`fields`), and "API request limits" of the support pages.
 */
export async function startBitbucketServer(): Promise<BitbucketServer> {
	const state: State = {
		repository: new BitbucketRepository(),
		credentials: new Set(),
		unscoped: new Set(),
		quota: Number.POSITIVE_INFINITY,
		retryAfter: undefined,
		conditional: true,
	};
	const api = await startBitbucketApi((request) => admit(state, request));
	return Object.assign(state, api, { url: `${api.server.url}/2.0` });
}

/** Who asks decides first: a wrong token 401, a token without the scope 403, nobody 404 for a private repository. */
function admit(state: State, request: IncomingMessage): Answer {
	const { authorization } = request.headers;
	if (authorization !== undefined && !state.credentials.has(authorization)) {
		return failure(401, "Token is invalid or has expired.");
	}
	if (state.quota-- <= 0) {
		const wait = state.retryAfter === undefined ? {} : { "retry-after": state.retryAfter };
		return { ...failure(429, "Rate limit exceeded."), headers: wait };
	}
	if (authorization === undefined) return failure(404, "No access to this repository.");
	if (state.unscoped.has(authorization)) return failure(403, "A required scope is missing.");
	const { pathname, searchParams } = new URL(request.url ?? "", "http://loopback");
	// Decoded before it is taken apart: an encoded slash counts as a slash (known of `src/{commit}`).
	const [, address] = /^\/2\.0\/repositories\/acme\/app(\/.*)?$/.exec(decodeURIComponent(pathname)) ?? [];
	if (address === undefined && !pathname.endsWith("/acme/app"))
		return failure(404, "No access to this repository.");
	return route(state, address ?? "", searchParams, request);
}

function route(state: State, address: string, query: URLSearchParams, request: IncomingMessage): Answer {
	const { repository } = state;
	const [, group, rest = ""] = /^\/(refs\/branches|refs\/tags|commit|src)\/(.+)$/s.exec(address) ?? [];
	if (group === "src") return source(state, rest, query, request);
	if (group === "commit") {
		const hash = rest.includes("/") ? undefined : repository.resolve(rest);
		return hash === undefined ? failure(404, "Commit not found") : json({ type: "commit", hash }, query);
	}
	if (group !== undefined) {
		const hash = (group === "refs/tags" ? repository.tags : repository.branches).get(rest);
		if (hash === undefined) return failure(404, `No such ref: ${rest}`);
		return json({ name: rest, target: { type: "commit", hash } }, query);
	}
	if (address !== "") return failure(404, "Resource not found");
	const name = repository.defaultBranch;
	const mainbranch = name === undefined ? null : { type: "branch", name };
	return json({ type: "repository", full_name: "acme/app", mainbranch }, query);
}

/** `src/{commit}/{path}`: raw bytes, or with `format=meta` the object that describes them. */
function source(state: State, rest: string, query: URLSearchParams, request: IncomingMessage): Answer {
	const slash = rest.indexOf("/");
	const hash = state.repository.resolve(rest.slice(0, slash));
	const path = rest.slice(slash + 1);
	if (hash === undefined) return failure(404, "Commit not found");
	const entry = state.repository.entry(hash, path);
	if (entry === undefined) return failure(404, "No such file or directory");
	const isDirectory = entry === "directory";
	if (query.get("format") === "meta") {
		const type = isDirectory ? "commit_directory" : "commit_file";
		const own = isDirectory ? {} : { size: entry.bytes.length, attributes: entry.attributes };
		const links = { self: { href: `https://api.bitbucket.org/2.0/repositories/acme/app/src/${rest}` } };
		return json({ type, path, ...own, commit: { type: "commit", hash }, links }, query);
	}
	if (isDirectory) return json({ pagelen: 10, values: [], page: 1 }, query);
	if (entry.attributes.includes("lfs")) {
		return { status: 301, headers: { location: "https://media.example/lfs?signature=s1gned" } };
	}
	const content = createHash("md5").update(entry.attributes.join()).update(entry.bytes).digest("hex");
	const headers = { etag: `"${content}"`, "content-type": "application/json" };
	if (state.conditional && answersUnmodified(request, headers.etag, undefined))
		return { status: 304, headers };
	return { status: 200, headers: { ...headers, "content-disposition": "attachment" }, body: entry.bytes };
}

function failure(status: number, message: string): Answer {
	const body = JSON.stringify({ type: "error", error: { message } });
	return { status, headers: { "content-type": "application/json" }, body };
}

/** "Partial response": only the members that `fields` names, each by its way through the object. */
function json(value: object, query: URLSearchParams): Answer {
	const fields = query.get("fields")?.split(",");
	const body = JSON.stringify(fields === undefined ? value : Object.assign({}, ...pick(value, fields)));
	return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body };
}

function pick(value: object, fields: readonly string[]): readonly object[] {
	const names = new Set(fields.map((field) => field.split(".", 1)[0] ?? ""));
	return Object.entries(value)
		.filter(([name]) => names.has(name))
		.map(([name, member]) => {
			const deeper = fields.filter((field) => field.startsWith(`${name}.`));
			const below = deeper.map((field) => field.slice(name.length + 1));
			const whole = below.length === 0 || member === null || typeof member !== "object";
			return { [name]: whole ? member : Object.assign({}, ...pick(member, below)) };
		});
}
