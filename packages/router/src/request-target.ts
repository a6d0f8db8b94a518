/** Visible ASCII without `#` and `\`: what a URL parser hands on as it was sent. */
const PLAIN = /^\/[!-"$-[\]-~]*$/;

/** `.` or `..` as a whole segment, in every spelling that a URL parser would resolve. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * Whether a raw request target means the same to every parser: nothing to normalise, nothing that cannot
 * be decoded, and no NUL. Without this, `/v1/secrets/%2e%2e/health` would be routed to `/v1/health`.
 */
export function isPlainTarget(target: string): boolean {
	if (!PLAIN.test(target)) return false;
	const path = pathOf(target);
	const isEncoded = path.includes("%");
	if (!isEncoded && !path.includes("/.")) return true;
	return !DOT_SEGMENT.test(path) && (!isEncoded || (!path.includes("%00") && isDecodable(path)));
}

/** The path of a request as it was sent, still percent-encoded: names may hold an encoded slash. */
export function encodedPath({ url }: Pick<Request, "url">): string {
	return pathOf(url.slice(url.indexOf("/", "http://".length)));
}

/** A request target without its query. */
export function pathOf(target: string): string {
	const query = target.indexOf("?");
	return query === -1 ? target : target.slice(0, query);
}

function isDecodable(path: string): boolean {
	try {
		decodeURIComponent(path);
		return true;
	} catch {
		return false;
	}
}
