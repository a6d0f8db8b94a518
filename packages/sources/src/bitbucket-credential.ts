import { SourceError } from "./source-error.js";

/**
 * Makes the `Authorization` header of a Bitbucket token; no header without one.
 *
 * What has a colon is a pair and goes as Basic: `email:api-token` and app passwords `user:password` at Cloud,
 * `user:password` at Data Center. No access token has a colon; those go as Bearer.
 *
 * Throws `SOURCE_UNAUTHORIZED` when the token cannot stand in a header or half of a pair is missing.
 */
export function bitbucketCredential(token: string | undefined): Readonly<Record<string, string>> {
	if (token === undefined) return {};
	const pair = /^([^:]*):(.*)$/s.exec(token);
	if (pair !== null) {
		if (!pair[1] || !pair[2]) throw unusable("has nothing before or after its colon");
		return { authorization: `Basic ${Buffer.from(token, "utf8").toString("base64")}` };
	}
	if (!/^[\x21-\x7e]+$/.test(token)) {
		throw unusable("is empty or holds spaces or characters that no header can carry");
	}
	return { authorization: `Bearer ${token}` };
}

function unusable(what: string): SourceError {
	const forms = "give an access token, or email:api-token";
	return new SourceError("SOURCE_UNAUTHORIZED", `CLEF_AGENT_VCS_TOKEN ${what}; ${forms}.`);
}
