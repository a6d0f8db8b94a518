import { setImmediate as turn } from "node:timers/promises";
import type { Steps } from "@clef-sh/artifact";

/** How many bytes or characters are worked on in one turn of the event loop: half a millisecond's work once it is compiled. */
export const BYTES_PER_TURN = 65_536;

/**
 * Given to others between two pieces of work. In one of them each connection has one request answered, and under load more
 * than one has come due meanwhile: who waited through one piece would wait through the next as well.
 */
const TURNS_BETWEEN = 4;

/** Lets whoever waits be answered, between two steps over these bytes that each take longer than one turn should. */
export async function letOthersRun(bytes: Uint8Array): Promise<void> {
	if (bytes.length > BYTES_PER_TURN) await turnsOfOthers();
}

/** Takes the steps with turns for others between them. */
export async function stepByStep<R>(steps: Steps<R>): Promise<R> {
	for (;;) {
		const step = steps.next();
		if (step.done === true) return step.value;
		await turnsOfOthers();
	}
}

/** The bytes as a stream of pieces, with turns for others between them; they are not copied. */
export function inTurns(bytes: Uint8Array): ReadableStream<Uint8Array> {
	let offset = 0;
	return new ReadableStream({
		async pull(controller) {
			if (offset > 0) await turnsOfOthers();
			controller.enqueue(bytes.subarray(offset, offset + BYTES_PER_TURN));
			offset += BYTES_PER_TURN;
			if (offset >= bytes.length) controller.close();
		},
	});
}

/** Where nobody waits, this takes microseconds. */
async function turnsOfOthers(): Promise<void> {
	for (let given = 0; given < TURNS_BETWEEN; given += 1) await turn();
}
