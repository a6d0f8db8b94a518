import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { TOKEN } from "./agent-process.js";
import { expectDocumentedRaw } from "./documented.js";

/** One answer as it stood on the wire. */
export interface RawAnswer {
	readonly status: number;
	/** Names in lower case; of a repeated one, the last. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/** Opens a connection that ends with the test; an error shows as a closed socket. */
export async function dial(port: number): Promise<Socket> {
	const socket = connect({ port, host: "127.0.0.1" });
	socket.on("error", () => socket.destroy());
	onTestFinished(() => {
		socket.destroy();
	});
	await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), closed(socket)]);
	return socket;
}

/** Settles when the connection is gone, however it ended. */
export function closed(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		if (socket.closed) resolve();
		else socket.once("close", () => resolve());
	});
}

/** Everything the agent sends from now until the connection is closed. */
export async function drained(socket: Socket): Promise<Buffer> {
	const chunks: Buffer[] = [];
	socket.on("data", (chunk: Buffer) => chunks.push(chunk));
	socket.resume();
	await closed(socket);
	return Buffer.concat(chunks);
}

/** Sends raw bytes, and resolves with what comes back until the agent closes the connection. */
export async function exchangeText(port: number, bytes: string): Promise<Buffer> {
	const socket = await dial(port);
	socket.write(bytes, "latin1");
	return drained(socket);
}

/**
 * Sends raw bytes, and reads every answer until the agent closes the connection. They must be as the OpenAPI document
 * says.
 */
export async function exchange(port: number, bytes: string): Promise<RawAnswer[]> {
	const answers = answersIn(await exchangeText(port, bytes));
	expectDocumentedRaw(bytes, answers);
	return answers;
}

/** Like {@link exchange}, for exactly one answer. */
export async function exchangeOne(port: number, bytes: string): Promise<RawAnswer> {
	const [answer, ...others] = await exchange(port, bytes);
	if (answer === undefined || others.length > 0) {
		throw new RangeError(`${others.length + (answer ? 1 : 0)} answers, not one, to ${JSON.stringify(bytes)}`);
	}
	return answer;
}

/** A request's text: its line and headers, and that the connection is to be closed after the answer. */
export function requestText(...lines: readonly string[]): string {
	return `${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`;
}

/** The same with the right host and token. */
export function authorised(line: string, ...headers: readonly string[]): string {
	return requestText(line, "Host: localhost", `Authorization: Bearer ${TOKEN}`, ...headers);
}

/** Splits bytes into answers, each as long as its Content-Length says. */
export function answersIn(bytes: Buffer): RawAnswer[] {
	const answers: RawAnswer[] = [];
	let rest = bytes;
	for (;;) {
		const end = rest.indexOf("\r\n\r\n");
		if (end === -1) return answers;
		const [statusLine = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
		const headers = Object.fromEntries(
			lines.map((line) => {
				const colon = line.indexOf(":");
				return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
			}),
		);
		const length = Number(headers["content-length"] ?? 0);
		const body = rest.subarray(end + 4, end + 4 + length);
		if (body.length < length) return answers;
		answers.push({ status: Number(statusLine.split(" ")[1]), headers, body: body.toString() });
		rest = rest.subarray(end + 4 + length);
	}
}
