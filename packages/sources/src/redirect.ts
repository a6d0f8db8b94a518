import type { ResponseHead } from "./bounded-fetch.js";
import { SourceError } from "./source-error.js";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Finds where a response sends us; undefined when it is no redirect.
 *
 * Only the same https origin may be followed, so that credentials stay where they were meant to go and nobody
 * can steer the agent into its own network; everything else, or one redirect too many (`allowed` is false),
 * throws `SOURCE_REDIRECT_REFUSED`.
 */
export function redirectTarget(
	{ status, headers }: ResponseHead,
	from: URL,
	allowed: boolean,
	description: string,
): URL | undefined {
	if (!REDIRECTS.has(status)) return undefined;
	const location = headers.get("location");
	if (location === null) {
		const message = `${description} answered with redirect ${status} but did not say where to.`;
		throw new SourceError("SOURCE_BAD_RESPONSE", message);
	}
	if (!allowed) {
		const message = `${description} redirects too many times; give the final address as the source.`;
		throw new SourceError("SOURCE_REDIRECT_REFUSED", message);
	}
	const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
	if (target && isSafe(target, from)) return target;
	const message = `${description} redirects (${status}) to ${placeOf(target)}; only the same https origin is followed, so give the final address as the source.`;
	throw new SourceError("SOURCE_REDIRECT_REFUSED", message);
}

function isSafe(target: URL, from: URL): boolean {
	const bare = target.username === "" && target.password === "";
	return bare && target.protocol === "https:" && target.origin === from.origin;
}

/** As little of the target as helps: its path and query can hold what a signed address holds. */
function placeOf(target: URL | undefined): string {
	if (target === undefined) return "an unreadable address";
	return target.host === "" ? `a ${target.protocol} address` : `${target.protocol}//${target.host}`;
}
