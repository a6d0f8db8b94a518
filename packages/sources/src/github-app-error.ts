import type { ResponseHead } from "./bounded-fetch.js";
import { statusOrLimitError } from "./github-rate-limit.js";
import { saysRateLimited } from "./retry-after.js";
import { SourceError } from "./source-error.js";

const ID = "CLEF_AGENT_VCS_APP_ID";
const INSTALLATION = "CLEF_AGENT_VCS_APP_INSTALLATION_ID";
const KEY = "CLEF_AGENT_VCS_APP_PRIVATE_KEY";

/** What GitHub's refusals of a token exchange mean; every other status means what it means everywhere. */
const MEANINGS: ReadonlyMap<number, string> = new Map([
	[
		401,
		`does not accept the App's signature; check ${ID} and ${KEY}, and that this machine's clock is right`,
	],
	[403, `does not let the App in; check that the installation in ${INSTALLATION} is not suspended`],
	[404, `knows no such installation of the App; check ${INSTALLATION} and ${ID}`],
	[
		422,
		`gives the App no such token; check that the installation in ${INSTALLATION} includes the repository in CLEF_AGENT_VCS_REPO and has the permission "Contents: read"`,
	],
]);

/** Names what a response other than 201 to a request for an installation token means. */
export function appTokenError(
	head: ResponseHead,
	{ description, now }: { readonly description: string; readonly now: number },
): SourceError {
	const { status, headers } = head;
	const meaning = status === 403 && saysRateLimited(headers) ? undefined : MEANINGS.get(status);
	if (meaning === undefined) return statusOrLimitError(head, { description, credential: INSTALLATION }, now);
	const message = `Asked for the ${description}, GitHub answered ${status}: it ${meaning}.`;
	return new SourceError("SOURCE_UNAUTHORIZED", message);
}
