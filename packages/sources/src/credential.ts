import { SourceError } from "./source-error.js";

/**
 * Makes the `Authorization` header of a place: the token as Bearer, or the URL's userinfo as Basic.
 *
 * Throws `SOURCE_UNAUTHORIZED` when both are given, or when the token cannot stand in a header (the network
 * layer would refuse it too, but quote it).
 */
export function credentialHeaders(url: URL, token: string | undefined): Readonly<Record<string, string>> {
	const hasUserinfo = url.username !== "" || url.password !== "";
	if (token === undefined) return hasUserinfo ? { authorization: basicCredential(url) } : {};
	if (hasUserinfo) {
		const message = "The source has both userinfo in its URL and CLEF_AGENT_SOURCE_TOKEN; give one of them.";
		throw new SourceError("SOURCE_UNAUTHORIZED", message);
	}
	if (!/^[\x21-\x7e]+$/.test(token)) {
		const message =
			"CLEF_AGENT_SOURCE_TOKEN is empty or holds spaces or characters that no header can carry; set it again.";
		throw new SourceError("SOURCE_UNAUTHORIZED", message);
	}
	return { authorization: `Bearer ${token}` };
}

/** The userinfo of a URL as a header carries it. */
export function basicCredential(url: URL): string {
	const pair = `${decoded(url.username)}:${decoded(url.password)}`;
	return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
}

/** Userinfo that is not valid percent-encoding was written plainly. */
function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
