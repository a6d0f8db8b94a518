import type { Octokit } from "@octokit/rest";

/** Octokit logs to the console unless it is told not to. */
export const SILENT = {
	debug: (): void => undefined,
	info: (): void => undefined,
	warn: (): void => undefined,
	error: (): void => undefined,
} as const;

/** Loads the library, which happens on the first call only, and makes a client that says nothing. */
export async function loadOctokit(apiUrl: string): Promise<Octokit> {
	const { Octokit } = await import("@octokit/rest");
	return new Octokit({
		baseUrl: apiUrl,
		userAgent: "clef-agent",
		log: { ...SILENT },
		request: { log: { ...SILENT }, parseSuccessResponseBody: false },
	});
}
