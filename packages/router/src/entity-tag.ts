import type { BodyFormat } from "@clef-sh/core";

/**
 * The strong `ETag` of a revision's body: `"<revision>"`, or `"<revision>;flat"` for the flattened one.
 *
 * A revision with characters that do not belong in a header is percent-encoded (as UTF-8); `;` is never
 * left as it is, so the two representations cannot share a tag.
 */
export function entityTag(revision: string, format: BodyFormat): string {
	const safe = /^[\w.:-]+$/.test(revision) ? revision : encodeURIComponent(Buffer.from(revision).toString());
	return format === "flat" ? `"${safe};flat"` : `"${safe}"`;
}

/** Whether `If-None-Match` names `tag`: a list, `*`, and weak forms count, as HTTP says for reads. */
export function matchesEntityTag(ifNoneMatch: string, tag: string): boolean {
	if (ifNoneMatch.trim() === "*") return true;
	const listed = ifNoneMatch.match(/"[^"]*"/g);
	return listed?.includes(tag) ?? false;
}
