import type { FileSourceOptions } from "./file-source.js";
import { parseFileUrl } from "./file-url.js";
import type { HttpSourceOptions } from "./http-source.js";

/** What a location means, or one sentence (without the location, which may hold secrets) why it means nothing. */
export type SourceLocation =
	| Pick<FileSourceOptions, "kind" | "path">
	| Pick<HttpSourceOptions, "kind" | "url">
	| { readonly kind: "unsupported"; readonly reason: string };

const KNOWN = "use an https:// URL, a file:// URL or a path";

/** A scheme is one when `//` follows; these are schemes without it, too, anything else with a colon is a path. */
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/|^(https?|file|s3|ftp|data|blob):/i;

/**
 * Reads the one text that names a source: an http(s) URL, a `file://` URL or a path.
 *
 * White space around it is ignored. The URL stays as it was written, so that a signed query keeps its signature.
 */
export function sourceOptionsFromLocation(location: string): SourceLocation {
	const text = location.trim();
	if (text === "") return unsupported(`The source is empty; ${KNOWN}.`);
	if (text.includes("\0")) return unsupported("The source holds a NUL character; write it again.");
	const match = SCHEME.exec(text);
	const scheme = (match?.[1] ?? match?.[2])?.toLowerCase();
	if (scheme === undefined) return { kind: "file", path: text };
	if (scheme === "http" || scheme === "https") return fromHttp(text, scheme);
	if (scheme === "file") return fromFile(text);
	if (scheme === "s3") {
		return unsupported("s3:// is not built yet in this version; use a presigned https:// URL or a file.");
	}
	return unsupported(`${scheme}: is not a kind of source; ${KNOWN}.`);
}

function fromHttp(text: string, scheme: string): SourceLocation {
	// The URL parser would read "https:/x" and "https:x" as a host named x.
	const complete = /^https?:\/\/[^/]/i.test(text) && URL.canParse(text);
	return complete ? { kind: "http", url: text } : unsupported(`The source is not a valid ${scheme}:// URL.`);
}

function fromFile(text: string): SourceLocation {
	const result = parseFileUrl(text);
	return "path" in result ? { kind: "file", path: result.path } : unsupported(result.reason);
}

function unsupported(reason: string): SourceLocation {
	return { kind: "unsupported", reason };
}
