import type { Validator } from "./source.js";

/** Makes the request headers that ask for a body only if it changed; empty without a usable validator. */
export function conditionalHeaders(validator: Validator | undefined): Readonly<Record<string, string>> {
	const { etag, lastModified } = validator ?? {};
	return {
		...(isHeaderText(etag) && { "if-none-match": etag }),
		...(isHeaderText(lastModified) && { "if-modified-since": lastModified }),
	};
}

/** Takes from a 200 what the next request can ask with. */
export function validatorOf(headers: Headers): Validator | undefined {
	const etag = headers.get("etag");
	const lastModified = headers.get("last-modified");
	const trusted = lastModified !== null && isSettled(lastModified, headers.get("date"));
	if (!etag && !trusted) return undefined;
	return { ...(etag && { etag }), ...(trusted && { lastModified }) };
}

/** A validator may come back from disk; one that no header can carry is not sent. */
function isHeaderText(text: string | undefined): text is string {
	return text !== undefined && /^(?! )[\x20-\x7e\x80-\xff]+(?<! )$/.test(text);
}

/** The date has whole seconds: within the second of a change, a second change would not show (RFC 9110, 8.8.2.2). */
function isSettled(lastModified: string, date: string | null): boolean {
	const ageMs = Date.parse(date ?? "") - Date.parse(lastModified);
	return Number.isNaN(ageMs) || ageMs >= 1000;
}
