import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expectDocumentedRaw } from "../openapi/documented.js";

/** One response as it stood on the wire. */
export interface RawResponse {
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

/** An open connection to the server under test; errors end up as a closed socket. */
export async function dial(port: number, host = "127.0.0.1"): Promise<Socket> {
	const socket = connect({ port, host });
	await once(socket, "connect");
	socket.on("error", () => socket.destroy());
	return socket;
}

/** Everything the server sends from now until it closes the connection. */
export async function drain(socket: Socket): Promise<Buffer> {
	const chunks: Buffer[] = [];
	socket.on("data", (chunk: Buffer) => chunks.push(chunk));
	socket.resume();
	await closed(socket);
	return Buffer.concat(chunks);
}

/** Settles when the connection is gone, however it ended. */
export function closed(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		if (socket.closed) resolve();
		else socket.once("close", () => resolve());
	});
}

/**
 * Sends raw bytes, and reads responses until the server closes the connection. They must be as the OpenAPI document
 * says.
 */
export async function exchange(port: number, bytes: string | Buffer): Promise<RawResponse[]> {
	const socket = await dial(port);
	socket.write(bytes, "latin1");
	const responses = parseResponses(await drain(socket));
	expectDocumentedRaw(Buffer.from(bytes).toString("latin1"), responses);
	return responses;
}

/** Like {@link exchange}, for exactly one response. */
export async function exchangeOne(port: number, bytes: string | Buffer): Promise<RawResponse> {
	const responses = await exchange(port, bytes);
	const [response] = responses;
	if (response === undefined || responses.length !== 1) {
		throw new TypeError(`Expected one response, not ${responses.length}.`);
	}
	return response;
}

/** Reads one response, leaving the connection open. */
export async function readOne(socket: Socket): Promise<RawResponse> {
	let received = Buffer.alloc(0);
	for (;;) {
		const chunk: Buffer | null = socket.read();
		if (chunk === null) {
			await Promise.race([new Promise((resolve) => socket.once("readable", resolve)), closed(socket)]);
			if (socket.closed) throw new TypeError("The connection was closed before a response was complete.");
			continue;
		}
		received = Buffer.concat([received, chunk]);
		const [response] = parseResponses(received);
		if (response !== undefined) return response;
	}
}

/** Splits what was received into responses, each delimited by its Content-Length. */
export function parseResponses(bytes: Buffer): RawResponse[] {
	const responses: RawResponse[] = [];
	let rest = bytes;
	while (rest.length > 0) {
		const end = rest.indexOf("\r\n\r\n");
		if (end === -1) break;
		const [statusLine = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
		const headers: Record<string, string> = {};
		for (const line of lines) {
			const colon = line.indexOf(":");
			headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
		}
		const length = Number(headers["content-length"] ?? 0);
		const body = rest.subarray(end + 4, end + 4 + length);
		if (body.length < length) break;
		responses.push({ status: Number(statusLine.split(" ")[1]), headers, body });
		rest = rest.subarray(end + 4 + length);
	}
	return responses;
}
