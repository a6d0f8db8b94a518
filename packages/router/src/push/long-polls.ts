import type { Clock } from "@clef-sh/core";
import type { Changes } from "./changes.js";

/** What {@link LongPolls} is made from. */
export interface LongPollsParts {
	readonly changes: Changes;
	readonly clock: Pick<Clock, "setTimeout">;
}

/** One client that would rather wait than be told that nothing has changed. */
export interface LongPoll {
	/** Whether the client would be told that. */
	readonly isSame: () => boolean;
	readonly waitMs: number;
	/** Gets what is to be called when the client is gone; the returned function stops that. */
	readonly onGone: (leave: () => void) => () => void;
}

/** The requests that wait for other secrets than their clients have. */
export class LongPolls {
	readonly #parts: LongPollsParts;
	#size = 0;

	constructor(parts: LongPollsParts) {
		this.#parts = parts;
	}

	get size(): number {
		return this.#size;
	}

	/** Resolves when there is something else to tell, when the time is over, or when nobody is there to be told. */
	wait({ isSame, waitMs, onGone }: LongPoll): Promise<void> {
		const { changes, clock } = this.#parts;
		if (waitMs === 0 || changes.isClosed || !isSame()) return Promise.resolve();
		this.#size += 1;
		return new Promise((resolve) => {
			let isWaiting = true;
			const leave = (): void => {
				if (!isWaiting) return;
				isWaiting = false;
				this.#size -= 1;
				cancel();
				unsubscribe();
				stay();
				resolve();
			};
			const cancel = clock.setTimeout(leave, waitMs);
			const unsubscribe = changes.subscribe(() => {
				if (changes.isClosed || !isSame()) leave();
			});
			const stay = onGone(leave);
		});
	}
}
