import type { BodyFormat } from "@clef-sh/core";

/** A revision as it goes into headers and event streams: percent-encoded (as UTF-8) where it would not fit as it is. */
export function revisionId(revision: string): string {
	return /^[\w.:-]+$/.test(revision) ? revision : encodeURIComponent(Buffer.from(revision).toString());
}

/**
 * The strong `ETag` of a revision's body: `"<revision>"`, or `"<revision>;flat"` for the flattened one. `;` is never
 * left as it is in a revision's id, so the two representations cannot share a tag.
 */
export function entityTag(revision: string, format: BodyFormat): string {
	const id = revisionId(revision);
	return format === "flat" ? `"${id};flat"` : `"${id}"`;
}

/** Whether `If-None-Match` names `tag`: a list, `*`, and weak forms count, as HTTP says for reads. */
export function matchesEntityTag(ifNoneMatch: string, tag: string): boolean {
	if (ifNoneMatch.trim() === "*") return true;
	const listed = ifNoneMatch.match(/"[^"]*"/g);
	return listed?.includes(tag) ?? false;
}
