import { createHash } from "node:crypto";
import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { answersUnmodified } from "./conditional-request.js";
import type { Behaviour } from "./servers.js";

/** What a well-behaved answer carries. */
export interface OkOptions {
	/** The header's text, quotes included; `null` for none, the content's hash when absent. */
	readonly etag?: string | null;

	/** An HTTP date. */
	readonly lastModified?: string;
	readonly headers?: OutgoingHttpHeaders;
}

type Bytes = Uint8Array | string;

/** What a server can do, well and badly. */
export const behaviours = {
	/** 200 with real conditional semantics: 304 when the client already has it. */
	ok: (bytes: Bytes, options: OkOptions = {}): Behaviour => {
		const etag =
			options.etag === undefined ? `"${createHash("sha256").update(bytes).digest("hex")}"` : options.etag;
		const validators = {
			...(etag !== null && { etag }),
			...(options.lastModified !== undefined && { "last-modified": options.lastModified }),
		};
		return (request, response) => {
			if (answersUnmodified(request, etag, options.lastModified)) response.writeHead(304, validators).end();
			else
				respond(response, 200, bytes, {
					"content-type": "application/json",
					...validators,
					...options.headers,
				});
		};
	},

	/** Any status, with or without headers and body. */
	status:
		(status: number, headers: OutgoingHttpHeaders = {}, body: Bytes = ""): Behaviour =>
		(_request, response) =>
			respond(response, status, body, headers),

	/** A redirect to `location`. */
	redirect:
		(location: string, status = 302): Behaviour =>
		(_request, response) =>
			respond(response, status, "moved", { location }),

	/** 200 with a login page where data was expected. */
	html: (): Behaviour => (_request, response) =>
		respond(response, 200, "<!doctype html><title>Sign in</title>", {
			"content-type": "text/html; charset=utf-8",
		}),

	/** 206 with the first half of the bytes, though nobody asked for a range. */
	partial:
		(bytes: Uint8Array): Behaviour =>
		(_request, response) => {
			const half = bytes.subarray(0, bytes.length >> 1);
			respond(response, 206, half, { "content-range": `bytes 0-${half.length - 1}/${bytes.length}` });
		},

	/** A small gzip body that inflates to `mebibytes` MiB of zeros, about a thousand times its size. */
	gzipBomb: (mebibytes: number): Behaviour => {
		const member = gzipSync(Buffer.alloc(1024 * 1024), { level: 9 });
		const bomb = Buffer.concat(Array.from({ length: mebibytes }, () => member));
		return (_request, response) => respond(response, 200, bomb, { "content-encoding": "gzip" });
	},

	/** 200, chunked, without end, as fast as the client takes it. */
	endless: (): Behaviour => async (_request, response) => {
		const piece = Buffer.alloc(65_536, "x");
		response.writeHead(200);
		while (!response.destroyed)
			if (!response.write(piece)) await once(response, "drain").catch(() => undefined);
	},

	/** 200, chunked, whose connection is cut in the middle. */
	cutShort:
		(bytes: Bytes): Behaviour =>
		(_request, response) => {
			response.writeHead(200, { "content-type": "application/json" });
			response.write(bytes, () => response.destroy());
		},

	/** 200 that declares `declared` bytes, sends these and closes. */
	lyingLength: (bytes: Bytes, declared: number): Behaviour =>
		raw(`HTTP/1.1 200 OK\r\nContent-Length: ${declared}\r\nConnection: close\r\n\r\n${bytes.toString()}`),

	/** Accepts the request and never says a word. */
	silence: (): Behaviour => () => undefined,

	/** 200 with headers, then nothing. */
	hangAfterHeaders: (): Behaviour => (_request, response) => {
		response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
	},

	/** The first byte of a body, then nothing. */
	firstByte: (): Behaviour => (_request, response) => {
		response.writeHead(200, { "content-type": "application/json" }).write("{");
	},

	/** Bytes that are no HTTP at all. */
	noHttp: (): Behaviour => raw("SSH-2.0-OpenSSH_9.2\r\n"),

	/** 200 whose body claims to be gzip and is not. */
	brokenGzip: (): Behaviour => (_request, response) =>
		respond(response, 200, "this is not gzip", { "content-encoding": "gzip" }),
} as const;

/** A 200 whose body a test sends piece by piece. */
export interface Stream {
	readonly behaviour: Behaviour;

	/** Sends one piece, waiting for the request if it has not come yet. */
	send(piece: Bytes): Promise<void>;
	end(): Promise<void>;
}

/** Makes a behaviour for one request under the test's control. */
export function stream(): Stream {
	let open: (response: ServerResponse) => void = () => undefined;
	const opened = new Promise<ServerResponse>((resolve) => {
		open = resolve;
	});
	return {
		behaviour: (_request, response) => {
			response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
			open(response);
		},
		send: async (piece) => void (await opened).write(piece),
		end: async () => void (await opened).end(),
	};
}

function respond(response: ServerResponse, status: number, body: Bytes, headers: OutgoingHttpHeaders): void {
	response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers }).end(body);
}

/** Writes past Node's own HTTP, which would not say such things. */
function raw(bytes: string): Behaviour {
	return (_request, response) => void response.socket?.end(bytes);
}
