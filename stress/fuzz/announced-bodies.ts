/** A body, and the headers that announce it: rightly, wrongly or in two ways at once. */
interface AnnouncedBody {
	readonly body: string;
	readonly headers: readonly (readonly [name: string, value: string])[];
}

const LENGTH = "Content-Length";
const ENCODING = "Transfer-Encoding";

/** Bodies of every announcement, some of which hold a request that would be entitled if it were one. */
export function announcedBodies(token: string): readonly AnnouncedBody[] {
	const hidden = `GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
	const length = String(hidden.length);
	const chunked = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
	const ended = `0\r\n\r\n${hidden}`;
	const extended = `1;ext="${"x".repeat(200)}"\r\nx\r\n0\r\nHost: x\r\n\r\n`;
	return [...byLength(hidden, length), ...byEncoding(hidden, chunked), ...byBoth(ended, length)].concat([
		{ body: extended, headers: [[ENCODING, "chunked"]] },
		{ body: ended, headers: [[ENCODING, "chunked"]] },
		{ body: `ffffffffffffffff0\r\n${hidden}`, headers: [[ENCODING, "chunked"]] },
		{ body: "x", headers: [[LENGTH, "1000"]] },
	]);
}

function byLength(body: string, length: string): AnnouncedBody[] {
	const lengths = [length, `+${length}`, "-1", "0x10", "99999999999999999999", `${length}, ${length}`, ""];
	return lengths.map((text) => ({ body, headers: [[LENGTH, text]] }));
}

function byEncoding(hidden: string, chunked: string): AnnouncedBody[] {
	const encodings = ["chunked", "chunked, identity", "identity, chunked", "CHUNKED", "chunked\t", "gzip"];
	const sound = encodings.map((text): AnnouncedBody => ({ body: chunked, headers: [[ENCODING, text]] }));
	return [...sound, { body: hidden, headers: [[ENCODING, "xchunked"]] }];
}

function byBoth(body: string, length: string): AnnouncedBody[] {
	const encoding = [ENCODING, "chunked"] as const;
	return [
		{ body, headers: [[LENGTH, length], encoding] },
		{ body, headers: [encoding, [LENGTH, "4"]] },
		{
			body,
			headers: [
				[LENGTH, "4"],
				[LENGTH, length],
			],
		},
	];
}
