import { connect } from "node:net";
import type { Visit } from "./http-cases.js";

/** What came back over one connection. */
export interface Visited {
	readonly received: Buffer;
	/** Whether the connection broke, so that the last response may be cut short. */
	readonly cut: boolean;
	/** Whether the server let it hang. */
	readonly hung: boolean;
}

/** Longer than any answer takes; shorter than the server's own deadlines, which would hide that it hangs. */
const PATIENCE_MS = 8_000;

/** Sends what a visit has to say, ends the sending side, and reads until the server closes. */
export function visit(port: number, { pieces, drops }: Visit): Promise<Visited> {
	return new Promise((resolve) => {
		const chunks: Buffer[] = [];
		let [cut, hung] = [drops, false];
		const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
		const impatience = setTimeout(() => {
			hung = true;
			socket.destroy();
		}, PATIENCE_MS);
		socket.on("data", (chunk: Buffer) => chunks.push(chunk));
		socket.on("error", () => {
			cut = true;
		});
		socket.on("close", () => {
			clearTimeout(impatience);
			resolve({ received: Buffer.concat(chunks), cut, hung });
		});
		const last = drops ? () => socket.destroy() : () => socket.end();
		socket.on("connect", () => send(pieces, (piece) => socket.write(piece), last));
	});
}

/** Each piece in a turn of its own, so that they arrive one after the other. */
function send(pieces: readonly Buffer[], write: (piece: Buffer) => void, last: () => void): void {
	const [piece, ...rest] = pieces;
	if (piece === undefined) {
		last();
		return;
	}
	write(piece);
	setImmediate(() => send(rest, write, last));
}
