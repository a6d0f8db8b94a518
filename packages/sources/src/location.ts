import type { FileSourceOptions } from "./file-source.js";
import { parseFileUrl } from "./file-url.js";
import type { HttpSourceOptions } from "./http-source.js";
import { parseS3Uri, parseS3Url, type S3LocationResult } from "./s3-location.js";
import type { S3SourceOptions } from "./s3-source.js";

/** What a location means, or one sentence (without the location, which may hold secrets) why it means nothing. */
export type SourceLocation =
	| Pick<FileSourceOptions, "kind" | "path">
	| Pick<HttpSourceOptions, "kind" | "url">
	| Pick<S3SourceOptions, "kind" | "bucket" | "key" | "versionId" | "region" | "dualstack" | "fips">
	| { readonly kind: "unsupported"; readonly reason: string };

const KNOWN = "use an https:// or s3:// URL, a file:// URL or a path";

/** A scheme is one when `//` follows; these are schemes without it, too, anything else with a colon is a path. */
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/|^(https?|file|s3|ftp|data|blob):/i;

/**
 * Reads the one text that names a source: an http(s) URL, `s3://bucket/key`, a `file://` URL or a path.
 *
 * White space around it is ignored. An https URL of S3 is an S3 source, unless it is presigned. Every other URL
 * stays as it was written, so that a signed query keeps its signature.
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
	if (scheme === "s3") return fromS3(parseS3Uri(text));
	return unsupported(`${scheme}: is not a kind of source; ${KNOWN}.`);
}

function fromHttp(text: string, scheme: string): SourceLocation {
	// The URL parser would read "https:/x" and "https:x" as a host named x.
	const complete = /^https?:\/\/[^/]/i.test(text) && URL.canParse(text);
	if (!complete) return unsupported(`The source is not a valid ${scheme}:// URL.`);
	const s3 = parseS3Url(text);
	return s3 === undefined ? { kind: "http", url: text } : fromS3(s3);
}

function fromS3(result: S3LocationResult): SourceLocation {
	return "reason" in result ? unsupported(result.reason) : { kind: "s3", ...result };
}

function fromFile(text: string): SourceLocation {
	const result = parseFileUrl(text);
	return "path" in result ? { kind: "file", path: result.path } : unsupported(result.reason);
}

function unsupported(reason: string): SourceLocation {
	return { kind: "unsupported", reason };
}
