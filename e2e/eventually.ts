import { setTimeout as pause } from "node:timers/promises";

const WITHIN_MS = 15_000;
const EVERY_MS = 20;

/** Resolves with the first answer of `look` that is neither undefined nor false; rejects after 15 seconds. */
export async function eventually<T>(
	what: string,
	look: () => T | Promise<T>,
	withinMs = WITHIN_MS,
): Promise<NonNullable<T>> {
	const deadline = Date.now() + withinMs;
	for (;;) {
		const seen = await look();
		if (seen !== undefined && seen !== null && seen !== false) return seen;
		if (Date.now() > deadline) throw new RangeError(`not within ${withinMs} ms: ${what}`);
		await pause(EVERY_MS);
	}
}
