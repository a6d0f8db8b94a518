import type { BoundedResponse, ResponseHead } from "./bounded-fetch.js";
import type { GithubCredential } from "./github-credential.js";
import { statusOrLimitError } from "./github-rate-limit.js";
import { saysRateLimited } from "./retry-after.js";
import { shortJson } from "./short-json.js";
import { SourceError } from "./source-error.js";

/** What a refusal is told with. */
export interface GithubRefusal {
	readonly description: string;
	readonly credential: GithubCredential["kind"];

	/** Wall clock, epoch milliseconds. */
	readonly now: number;
}

const TOKEN = "CLEF_AGENT_VCS_TOKEN";

const UNACCEPTED: Readonly<Record<GithubCredential["kind"], string>> = {
	none: `it asks for a token; set ${TOKEN}`,
	token: `the token in ${TOKEN} is wrong, expired or revoked; set a valid one`,
	app: "the GitHub App's token is no longer accepted; the next read asks for a new one",
};

const FORBIDDEN: Readonly<Record<GithubCredential["kind"], string>> = {
	none: `nobody may read this without a token; set ${TOKEN}`,
	token: `give the token in ${TOKEN} the permission "Contents: read" on the repository`,
	app: 'give the installation in CLEF_AGENT_VCS_APP_INSTALLATION_ID the permission "Contents: read"',
};

/** Whether a refusal's body helps to tell what it means. */
export function isExplained({ status, headers }: ResponseHead): boolean {
	return status === 403 && !saysRateLimited(headers);
}

/** Names what an answer other than 200, 404 or an expected 304 means. */
export function githubStatusError(response: BoundedResponse, refusal: GithubRefusal): SourceError {
	const { status, headers } = response;
	const { description, credential, now } = refusal;
	if (status === 401) {
		const message = `${description} answered 401: ${UNACCEPTED[credential]}.`;
		return new SourceError("SOURCE_UNAUTHORIZED", message, { retryable: credential === "app" });
	}
	if (status !== 403 || saysRateLimited(headers)) {
		return statusOrLimitError(response, { description, credential: TOKEN }, now);
	}
	if (saysTooLarge(response.bytes)) {
		const message = `${description} is larger than the 100 MB that GitHub hands out; pack fewer secrets.`;
		return new SourceError("SOURCE_TOO_LARGE", message);
	}
	const meaning = headers.has("x-github-sso")
		? `its organization wants the token in ${TOKEN} to be authorized for single sign-on`
		: FORBIDDEN[credential];
	return new SourceError("SOURCE_UNAUTHORIZED", `${description} answered 403: ${meaning}.`);
}

/** GitHub tells a blob beyond its limit from missing access by a code in the body. */
function saysTooLarge(bytes: Uint8Array): boolean {
	const { errors } = shortJson(bytes);
	return Array.isArray(errors) && errors.some((error) => Object(error).code === "too_large");
}
