import { SourceError } from "./source-error.js";

/** Which of the two products speaks at an address, and where its API begins (no slash at the end). */
export interface BitbucketAddress {
	readonly product: "cloud" | "data center";
	readonly base: string;

	/** The host, port included; undefined for Bitbucket Cloud's own. */
	readonly host: string | undefined;
}

const CLOUD: BitbucketAddress = {
	product: "cloud",
	base: "https://api.bitbucket.org/2.0",
	host: undefined,
};

/**
 * Tells Bitbucket Cloud from Bitbucket Data Center by the API's address; the one place where this is decided.
 *
 * None, Cloud's own host, or any address whose path ends in `/2.0` (Cloud's API behind a gateway) is Cloud; everything
 * else is Data Center, given with or without `/rest/api/…` and under any context path. Data Center has no path
 * that ends so: its API versions are `1.0` and `latest`.
 *
 * Throws `SOURCE_UNREACHABLE`, not retryable, for what is no plain http(s) URL.
 */
export function bitbucketAddress(apiUrl: string | undefined): BitbucketAddress {
	if (apiUrl === undefined) return CLOUD;
	const url = parse(apiUrl);
	if (/^(api\.)?bitbucket\.org$/i.test(url.hostname)) return CLOUD;
	const path = url.pathname.replace(/\/+$/, "");
	const place = `${url.origin}${path}`;
	if (path.endsWith("/2.0")) return { product: "cloud", base: place, host: url.host };
	const complete = /\/rest\/api\/[^/]+$/.test(path);
	const base = complete ? place : `${place.replace(/\/rest(\/api)?$/, "")}/rest/api/latest`;
	return { product: "data center", base, host: url.host };
}

/** The URL's own parse error quotes its input; it stays here. */
function parse(apiUrl: string): URL {
	const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
	const plain = url?.username === "" && url.password === "" && url.search === "" && url.hash === "";
	if (plain && /^https?:$/.test(url.protocol)) return url;
	const message =
		"CLEF_AGENT_VCS_API_URL must be an http(s) URL without userinfo, query or fragment, such as https://bitbucket.example.com.";
	throw new SourceError("SOURCE_UNREACHABLE", message, { retryable: false });
}
