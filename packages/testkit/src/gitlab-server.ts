import { createHash } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type Behaviour, behaviours, type RecordedRequest, startServer } from "./servers.js";

/** What a token may do, by the header it must come in. */
export interface GitlabToken {
	/** Access tokens are taken as `PRIVATE-TOKEN` and as Bearer, OAuth tokens as Bearer, job tokens as `JOB-TOKEN`. */
	readonly kind: "access" | "oauth" | "job";
	readonly scopes?: readonly string[];

	/** Whose token it is: no member of the project, a guest, or somebody who may read its code. */
	readonly role?: "none" | "guest" | "reporter";
	readonly expired?: boolean;
}

/** How an instance is set up; it holds one project. */
export interface GitlabOptions {
	/** Full path; `acme/platform/secrets` when absent. Its id is 81. */
	readonly project?: string;
	readonly isPublic?: boolean;

	/** Where the instance lives below its origin, such as `/gitlab`. */
	readonly prefix?: string;
	readonly tokens?: Readonly<Record<string, GitlabToken>>;
}

/** A request and the size of the body it was answered with. */
export interface GitlabRequest extends RecordedRequest {
	readonly responseBytes: number;
}

/** A GitLab instance on 127.0.0.1, as far as the raw files of one project go. */
export interface GitlabServer {
	/** Address of the instance, with its prefix and without `/api/v4`. */
	readonly url: string;
	readonly requests: readonly GitlabRequest[];

	/** Commits the file to a branch, `main` (the default branch) when absent. */
	commit(path: string, bytes: Uint8Array, branch?: string): void;
	remove(path: string, branch?: string): void;

	/** Gives the project another path; the old one redirects. */
	move(project: string): void;
	setToken(token: string, meaning: GitlabToken | undefined): void;

	/** Answers the coming requests with these, one each; the last stays until `recover`. */
	respondWith(...behaviours: readonly [Behaviour, ...Behaviour[]]): void;
	recover(): void;
	nextHangUp(): Promise<void>;
	close(): Promise<void>;
}

const ID = "81";
const READING_SCOPES = ["api", "read_api", "read_repository"];
const ROUTE = /^\/api\/v4\/projects\/([^/?]+)\/repository\/files\/([^/?]+)(\/raw)?$/;

interface Answer {
	readonly status: number;
	readonly headers?: OutgoingHttpHeaders;
	readonly body?: Uint8Array | string;
}

/**
 * Starts an instance that answers as GitLab's REST reference says: Repository files API (raw file, metadata by
 * HEAD), Authentication, Status codes, Redirects, and the rate limits' response headers.
 */
export async function startGitlab(options: GitlabOptions = {}): Promise<GitlabServer> {
	const instance = new Instance(options);
	const sizes = new WeakMap<object, number>();
	const serve: Behaviour = (request, response) => {
		const answer = instance.answer(request);
		const body = Buffer.from(answer.body ?? "");
		send(request, response, answer, body);
		const recorded = server.requests.at(-1);
		if (recorded && request.method !== "HEAD") sizes.set(recorded, body.length);
	};
	const server = await startServer(serve);
	return {
		url: server.url + (options.prefix ?? ""),
		get requests() {
			return server.requests.map((request) => ({ ...request, responseBytes: sizes.get(request) ?? 0 }));
		},
		commit: (path, bytes, branch = "main") => instance.commit(path, bytes, branch),
		remove: (path, branch = "main") => instance.remove(path, branch),
		move: (project) => instance.move(project),
		setToken: (token, meaning) => instance.setToken(token, meaning),
		respondWith: server.respondWith,
		recover: () => server.respondWith(serve),
		nextHangUp: server.nextHangUp,
		close: server.close,
	};
}

/** The answer to one request too many: a plain text body, and headers that say when the quota is new. */
export function throttled(headers: OutgoingHttpHeaders): Behaviour {
	return behaviours.status(
		429,
		{
			"content-type": "text/plain",
			"ratelimit-limit": "500",
			"ratelimit-name": "throttle_authenticated_files_api",
			"ratelimit-observed": "501",
			"ratelimit-remaining": "0",
			...headers,
		},
		"Retry later\n",
	);
}

class Instance {
	readonly #options: GitlabOptions;
	readonly #tokens: Map<string, GitlabToken>;
	readonly #branches = new Map<string, Map<string, Buffer>>([["main", new Map()]]);
	readonly #formerPaths = new Set<string>();
	#project: string;
	#commits = 0;

	constructor(options: GitlabOptions) {
		this.#options = options;
		this.#tokens = new Map(Object.entries(options.tokens ?? {}));
		this.#project = options.project ?? "acme/platform/secrets";
	}

	commit(path: string, bytes: Uint8Array, branch: string): void {
		this.#commits += 1;
		const files = this.#branches.get(branch) ?? new Map<string, Buffer>();
		this.#branches.set(branch, files.set(path, Buffer.from(bytes)));
	}

	remove(path: string, branch: string): void {
		this.#commits += 1;
		this.#branches.get(branch)?.delete(path);
	}

	move(project: string): void {
		this.#formerPaths.add(this.#project);
		this.#project = project;
	}

	setToken(token: string, meaning: GitlabToken | undefined): void {
		if (meaning === undefined) this.#tokens.delete(token);
		else this.#tokens.set(token, meaning);
	}

	answer(request: IncomingMessage): Answer {
		const { pathname, searchParams } = new URL(request.url ?? "", "http://gitlab.invalid");
		const { prefix = "" } = this.#options;
		const route = pathname.startsWith(prefix) ? ROUTE.exec(pathname.slice(prefix.length)) : null;
		const [, id = "", path = "", raw] = route ?? [];
		if (route === null || (raw === undefined && request.method !== "HEAD")) {
			return { status: 404, body: '{"error":"404 Not Found"}' };
		}
		const refusal = this.#refusal(request, decodeURIComponent(id), raw !== undefined);
		return refusal ?? this.#file(decodeURIComponent(path), searchParams.get("ref"), raw !== undefined);
	}

	/** Authentication, then the project, then what may be done in it. */
	#refusal(request: IncomingMessage, id: string, raw: boolean): Answer | undefined {
		const token = this.#identify(request, raw);
		if (token === "unknown") return message(401, "401 Unauthorized");
		if (token?.expired) return oauthError(401, "invalid_token");
		if (token?.scopes && !token.scopes.some((scope) => READING_SCOPES.includes(scope))) {
			return oauthError(403, "insufficient_scope");
		}
		const role = token === undefined ? "none" : (token.role ?? "reporter");
		const known = id === ID || id === this.#project || this.#formerPaths.has(id);
		const visible = this.#options.isPublic || role !== "none";
		if (!known || !visible) return message(404, "404 Project Not Found");
		if (this.#formerPaths.has(id)) return this.#moved(request, id);
		return role === "guest" && !this.#options.isPublic ? message(403, "403 Forbidden") : undefined;
	}

	#identify({ headers }: IncomingMessage, raw: boolean): GitlabToken | "unknown" | undefined {
		const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
		const [kinds, text] =
			headers["job-token"] !== undefined
				? [["job"], headers["job-token"]]
				: headers["private-token"] !== undefined
					? [["access"], headers["private-token"]]
					: [["access", "oauth"], bearer];
		if (text === undefined) return undefined;
		const token = this.#tokens.get(String(text));
		return token && kinds.includes(token.kind) && (token.kind !== "job" || raw) ? token : "unknown";
	}

	#moved(request: IncomingMessage, id: string): Answer {
		if (request.method !== "GET") {
			return message(405, "405 Non GET methods are not allowed for moved projects");
		}
		const path = (request.url ?? "").replace(encodeURIComponent(id), ID);
		return { status: 301, headers: { location: `https://${request.headers.host}${path}` } };
	}

	#file(path: string, ref: string | null, raw: boolean): Answer {
		if (ref === null && !raw) return { status: 400, body: '{"error":"ref is missing, ref is empty"}' };
		const files = this.#branches.get(ref === null || ref === "HEAD" ? "main" : ref);
		if (files === undefined || this.#commits === 0) return message(404, "404 Commit Not Found");
		const bytes = files.get(path);
		if (bytes === undefined) return message(404, "404 File Not Found");
		const headers = { ...metadata(path, bytes, ref ?? "HEAD", this.#commits), "cache-control": "no-store" };
		return { status: 200, headers: { ...headers, "content-type": "text/plain; charset=utf-8" }, body: bytes };
	}
}

function metadata(path: string, bytes: Buffer, ref: string, commits: number): OutgoingHttpHeaders {
	const commit = hash("sha1", String(commits));
	return {
		"x-gitlab-blob-id": hash("sha1", Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes])),
		"x-gitlab-commit-id": commit,
		"x-gitlab-content-sha256": hash("sha256", bytes),
		"x-gitlab-encoding": "base64",
		"x-gitlab-file-name": path.split("/").at(-1),
		"x-gitlab-file-path": path,
		"x-gitlab-last-commit-id": commit,
		"x-gitlab-ref": ref,
		"x-gitlab-size": String(bytes.length),
		"x-gitlab-execute-filemode": "false",
	};
}

function hash(algorithm: string, data: string | Buffer): string {
	return createHash(algorithm).update(data).digest("hex");
}

function message(status: number, text: string): Answer {
	return { status, body: JSON.stringify({ message: text }) };
}

function oauthError(status: number, error: string): Answer {
	return { status, body: JSON.stringify({ error, error_description: "See the reference.", scope: "api" }) };
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer, body: Buffer): void {
	response.writeHead(answer.status, {
		"content-type": "application/json",
		"content-length": body.length,
		"ratelimit-limit": "500",
		"ratelimit-name": "throttle_authenticated_files_api",
		"ratelimit-observed": "1",
		"ratelimit-remaining": "499",
		...answer.headers,
	});
	response.end(request.method === "HEAD" ? undefined : body);
}
