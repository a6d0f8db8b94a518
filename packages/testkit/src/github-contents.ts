import { createHash } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { answersUnmodified } from "./conditional-request.js";
import { type GithubRepository, lookUp } from "./github-repositories.js";

/** An answer before its rate limit headers. */
export interface GithubAnswer {
	readonly status: number;
	readonly headers?: OutgoingHttpHeaders;
	readonly body: Uint8Array | string;
}

const MOST_BYTES = 100_000_000;
const MOST_INLINE_BYTES = 1_000_000;
const RAW = /application\/vnd\.github(\.v3)?\.raw(\+json)?/;

/** A JSON answer. */
export function json(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): GithubAnswer {
	return {
		status,
		headers: { "content-type": "application/json; charset=utf-8", ...headers },
		body: JSON.stringify(value),
	};
}

/** An error as GitHub words it. */
export function refusal(status: number, message: string, more: object = {}): GithubAnswer {
	return json(status, { message, ...more, documentation_url: "https://docs.github.com/rest", status });
}

/**
 * Answers `GET /repos/:owner/:repo/contents/:path`, by GitHub's "Get repository content".
 *
 * ETags differ by content, by `Accept` and by credential, as GitHub's do.
 */
export function contents(
	request: IncomingMessage,
	repository: GithubRepository,
	path: string,
	ref: string | undefined,
): GithubAnswer {
	const entries = repository.refs.get(ref ?? repository.defaultBranch);
	if (entries === undefined) return refusal(404, `No commit found for the ref ${ref}`);
	const found = lookUp(entries, path);
	if (found === undefined) return refusal(404, "Not Found");
	if (found.kind === "directory") {
		const list = found.paths.map((each) => ({ type: "file", path: each }));
		return conditional(request, json(200, list));
	}
	if (found.kind !== "file") return conditional(request, json(200, { type: found.kind, path }));
	const { bytes, size = bytes.length } = found;
	if (size > MOST_BYTES) {
		const errors = [{ resource: "Blob", field: "data", code: "too_large" }];
		return refusal(403, "This API returns blobs up to 100 MB in size.", { errors });
	}
	if (RAW.test(request.headers.accept ?? "")) {
		const type = "application/vnd.github.raw+json; charset=utf-8";
		return conditional(request, { status: 200, headers: { "content-type": type }, body: bytes });
	}
	const inline = size <= MOST_INLINE_BYTES;
	return conditional(
		request,
		json(200, {
			type: "file",
			path,
			size,
			encoding: inline ? "base64" : "none",
			content: inline ? Buffer.from(bytes).toString("base64") : "",
		}),
	);
}

function conditional(request: IncomingMessage, answer: GithubAnswer): GithubAnswer {
	const { accept = "", authorization = "" } = request.headers;
	const hash = createHash("sha256").update(answer.body).update(`\n${accept}\n${authorization}`).digest("hex");
	const etag = `W/"${hash}"`;
	const headers = {
		...answer.headers,
		etag,
		"cache-control": "private, max-age=60, s-maxage=60",
		vary: "Accept, Authorization, Cookie, X-GitHub-OTP",
	};
	if (!answersUnmodified(request, etag, undefined)) return { ...answer, headers };
	const { "content-type": _, ...bare } = headers as OutgoingHttpHeaders;
	return { status: 304, headers: bare, body: "" };
}
