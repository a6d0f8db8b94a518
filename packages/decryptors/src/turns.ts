import { setImmediate as nextTurn } from "node:timers/promises";

/** How many bytes are worked on in one turn of the event loop: about a millisecond's work once it is compiled. */
export const BYTES_PER_TURN = 65_536;

/** Lets whoever waits be answered, between two steps over these bytes that each take longer than one turn should. */
export async function letOthersRun(bytes: Uint8Array): Promise<void> {
	if (bytes.length > BYTES_PER_TURN) await nextTurn();
}

/** The bytes as a stream of pieces, each in a turn of its own; they are not copied. */
export function inTurns(bytes: Uint8Array): ReadableStream<Uint8Array> {
	let offset = 0;
	return new ReadableStream({
		async pull(controller) {
			if (offset > 0) await nextTurn();
			controller.enqueue(bytes.subarray(offset, offset + BYTES_PER_TURN));
			offset += BYTES_PER_TURN;
			if (offset >= bytes.length) controller.close();
		},
	});
}
