import type { Clock } from "./clock.js";

/** Gives the present text of a file of keys or a token. */
export type TextReading = () => Promise<string>;

/** How long a refresh waits for such a file: one on a share that hangs must stop neither the loop nor readers. */
const DEADLINE_MS = 2_000;

/**
 * Rejects with an error of the code `ETIMEDOUT` when reading takes longer than two seconds, and then at once until it ends:
 * one reader has waited for all.
 *
 * What hangs is not begun a second time: each attempt may hold a thread of the process until it ends.
 */
export function timelyReading(read: TextReading, clock: Clock): TextReading {
	let running: Promise<string> | undefined;
	let hangs = false;
	return async () => {
		if (hangs) throw new ReadingTimeout();
		running ??= read().finally(() => {
			running = undefined;
			hangs = false;
		});
		let cancel: () => void = () => undefined;
		const late = new Promise<never>((_, reject) => {
			cancel = clock.setTimeout(() => {
				hangs = true;
				reject(new ReadingTimeout());
			}, DEADLINE_MS);
		});
		try {
			return await Promise.race([running, late]);
		} finally {
			cancel();
		}
	};
}

/** Of what a reading rejects with only the code is shown. */
class ReadingTimeout extends Error {
	readonly code = "ETIMEDOUT";

	constructor() {
		super("The file did not answer in time.");
	}
}
