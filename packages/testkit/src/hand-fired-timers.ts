interface PendingTimer {
	readonly callback: () => void;
	readonly ms: number;
}

/** Timers that never run by themselves: a test fires each by its length, so give every limit a length of its own. */
export class HandFiredTimers {
	readonly #pending = new Set<PendingTimer>();
	readonly #waiting: { readonly ms: number; readonly resolve: () => void }[] = [];

	setTimeout(callback: () => void, ms: number): () => void {
		const timer = { callback, ms };
		this.#pending.add(timer);
		for (const waiter of this.#waiting.filter((each) => each.ms === ms)) {
			this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
			waiter.resolve();
		}
		return () => void this.#pending.delete(timer);
	}

	/** The lengths of the timers that are set, oldest first. */
	get pending(): readonly number[] {
		return [...this.#pending].map(({ ms }) => ms);
	}

	/** Runs the oldest timer of that length; throws when none is set. */
	fire(ms: number): void {
		const timer = [...this.#pending].find((each) => each.ms === ms);
		if (timer === undefined)
			throw new RangeError(`No timer of ${ms} ms is set, only [${this.pending.join(", ")}].`);
		this.#pending.delete(timer);
		timer.callback();
	}

	/** Resolves the next time a timer of that length is set; ask before causing it. */
	nextSet(ms: number): Promise<void> {
		return new Promise((resolve) => this.#waiting.push({ ms, resolve }));
	}
}
