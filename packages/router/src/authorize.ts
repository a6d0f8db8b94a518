import { hash, timingSafeEqual } from "node:crypto";
import { refusal } from "./refusal.js";
import type { Reply } from "./reply.js";
import type { RequestHeaders } from "./request-headers.js";

const UNAUTHORIZED = refusal(
	401,
	"UNAUTHORIZED",
	"The bearer token is missing or wrong; send it as `Authorization: Bearer <token>`.",
	{ "WWW-Authenticate": "Bearer" },
);

const SCHEME = "Bearer ";

/**
 * What headers are compared in: up to 78 bytes as they are (with 64 hexadecimal digits they have 71), longer ones as their
 * digest, and one byte that says which. A comparison in constant time takes half a nanosecond for each byte of both blocks.
 */
const BLOCK_BYTES = 80;
const LONGEST_AS_IT_IS = BLOCK_BYTES - 2;

/**
 * A check for exactly one `Authorization: Bearer <token>`; the scheme is case-sensitive.
 *
 * Blocks of one size are compared, in constant time, so neither the content nor the length of the token shows in the
 * time taken. A header given twice arrives joined by a comma, and so never matches.
 */
export function createAuthorization(token: () => string): (headers: RequestHeaders) => Reply | undefined {
	let known: string | undefined;
	const expected = Buffer.alloc(BLOCK_BYTES);
	const sent = Buffer.alloc(BLOCK_BYTES);
	return (headers) => {
		const current = token();
		// What was configured, not what was sent: the time this takes tells nothing about a guess.
		if (current !== known) {
			known = current;
			writeBlock(expected, `${SCHEME}${current}`, "utf8");
		}
		const header = headers.get("authorization");
		if (header === null) return UNAUTHORIZED;
		// Header values are bytes read as Latin-1; this gives back the bytes that were sent.
		writeBlock(sent, header, "latin1");
		return timingSafeEqual(sent, expected) ? undefined : UNAUTHORIZED;
	};
}

/** How long this takes depends on the text's own length, which whoever sent it knows. */
function writeBlock(block: Buffer, text: string, encoding: "utf8" | "latin1"): void {
	const length = encoding === "latin1" ? text.length : Buffer.byteLength(text, encoding);
	block.fill(0);
	if (length <= LONGEST_AS_IT_IS) block.write(text, encoding);
	else hash("sha256", Buffer.from(text, encoding), "buffer").copy(block);
	block[BLOCK_BYTES - 1] = Math.min(length, LONGEST_AS_IT_IS + 1);
}
