import { type BoundedRequest, type BoundedResponse, boundedFetch } from "./bounded-fetch.js";
import type { SourceEnvironment } from "./source.js";
import { SourceError } from "./source-error.js";

/** What of a request Octokit does not decide. */
export type OctokitLimits = Pick<BoundedRequest, "description" | "maxBytes" | "timeouts" | "wantsBody">;

/**
 * Lets Octokit make one request over the bounded fetch, and resolves with what really came: exact bytes, any status.
 *
 * Octokit is shown the head of the answer only, and what it makes of that, value or exception, is not asked: its
 * errors hold the whole request, the credential included. Rejects as `boundedFetch` does.
 */
export async function throughOctokit(
	call: (fetch: typeof globalThis.fetch) => Promise<unknown>,
	limits: OctokitLimits,
	environment: Pick<SourceEnvironment, "fetch" | "timers">,
	signal: AbortSignal,
): Promise<BoundedResponse> {
	let outcome: Promise<BoundedResponse> | undefined;
	const fetch: typeof globalThis.fetch = async (input, init = {}) => {
		outcome = boundedFetch({ ...limits, ...requestOf(input, init) }, environment, signal);
		const { status, headers } = await outcome.catch(() => {
			// Octokit would write into the caller's abort reason.
			throw new SourceError("SOURCE_UNREACHABLE", `${limits.description} was not read.`);
		});
		return new Response(null, { status, headers });
	};
	await call(fetch).catch(() => undefined);
	if (outcome !== undefined) return outcome;
	const message = `${limits.description} was not asked, because Octokit could not make the request.`;
	throw new SourceError("SOURCE_BAD_RESPONSE", message);
}

function requestOf(
	input: Parameters<typeof fetch>[0],
	init: RequestInit,
): Pick<BoundedRequest, "url" | "method" | "body" | "headers"> {
	return {
		url: new URL(String(input)),
		method: init.method ?? "GET",
		headers: Object.fromEntries(new Headers(init.headers)),
		...(typeof init.body === "string" && { body: init.body }),
	};
}
