import type { RequestOptions } from "@gitbeaker/requester-utils";
import type { BoundedResponse } from "./bounded-fetch.js";
import type { GitlabPlace } from "./gitlab-place.js";
import type { GitlabCredential } from "./gitlab-token.js";

/** Sends the request that Gitbeaker has made up; its headers hold the credential. */
export type SendGitlabRequest = (
	url: URL,
	headers: Readonly<Record<string, string>>,
) => Promise<BoundedResponse>;

/**
 * Makes the request for a raw file with Gitbeaker and has it sent once, by `send`.
 *
 * The response goes past Gitbeaker, which would read the body as text and knows no HEAD. Loads Gitbeaker, on the
 * first call; rejects with what `send` rejects with.
 */
export async function requestRawFile(
	place: GitlabPlace,
	credential: GitlabCredential,
	send: SendGitlabRequest,
): Promise<BoundedResponse> {
	const { RepositoryFiles } = await import("@gitbeaker/rest");
	const { createRequesterFn } = await import("@gitbeaker/requester-utils");
	return new Promise((resolve, reject) => {
		const requesterFn = createRequesterFn(
			async (_service, request) => request,
			async (endpoint, options: RequestOptions = {}) => {
				const { prefixUrl = "", searchParams = "", headers = {} } = options;
				const response = await send(new URL(`${prefixUrl}${endpoint}?${searchParams}`), headers);
				resolve(response);
				return { status: response.status, headers: {}, body: "" };
			},
		);
		// Limits of time and rate are ours; Gitbeaker's own would start timers.
		const limits = { queryTimeout: null, rateLimits: {} };
		const files = new RepositoryFiles({ host: place.host, ...credential, ...limits, requesterFn });
		files.showRaw(place.project, place.path, place.ref).catch(reject);
	});
}
