import type { IncomingMessage } from "node:http";

/**
 * Whether a GET is to be answered 304, by RFC 9110, 13.2.2.
 *
 * `If-None-Match` compares weakly and, where present, makes `If-Modified-Since` count for nothing.
 */
export function answersUnmodified(
	{ headers }: IncomingMessage,
	etag: string | null,
	lastModified: string | undefined,
): boolean {
	const noneMatch = headers["if-none-match"];
	if (noneMatch !== undefined) return etag !== null && listed(noneMatch, etag);
	const since = headers["if-modified-since"];
	return since !== undefined && lastModified !== undefined && Date.parse(lastModified) <= Date.parse(since);
}

function listed(header: string, etag: string): boolean {
	if (header.trim() === "*") return true;
	const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
	return tags.some((tag) => opaque(tag) === opaque(etag));
}

function opaque(etag: string): string {
	return etag.replace(/^W\//, "");
}
