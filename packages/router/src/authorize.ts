import { hash, timingSafeEqual } from "node:crypto";
import { refusal } from "./refusal.js";
import type { Reply } from "./reply.js";

const UNAUTHORIZED = refusal(
	401,
	"UNAUTHORIZED",
	"The bearer token is missing or wrong; send it as `Authorization: Bearer <token>`.",
	{ "WWW-Authenticate": "Bearer" },
);

const SCHEME = "Bearer ";

/**
 * A check for exactly one `Authorization: Bearer <token>`; the scheme is case-sensitive.
 *
 * Digests are compared, in constant time, so neither the content nor the length of the token shows in
 * the time taken. A header given twice arrives joined by a comma, and so never matches.
 */
export function createAuthorization(token: () => string): (headers: Headers) => Reply | undefined {
	let known: string | undefined;
	let expected = Buffer.alloc(0);
	return (headers) => {
		const current = token();
		// What was configured, not what was sent: the time this takes tells nothing about a guess.
		if (current !== known) {
			known = current;
			expected = hash("sha256", Buffer.from(current), "buffer");
		}
		const header = headers.get("authorization");
		if (!header?.startsWith(SCHEME)) return UNAUTHORIZED;
		// Header values are bytes read as Latin-1; this gives back the bytes that were sent.
		const sent = hash("sha256", Buffer.from(header.slice(SCHEME.length), "latin1"), "buffer");
		return timingSafeEqual(sent, expected) ? undefined : UNAUTHORIZED;
	};
}
