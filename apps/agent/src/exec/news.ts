/** Lets one reader wait for news; what comes while it is busy counts as one piece. */
export class News {
	#isUnread = false;
	#wake: (() => void) | undefined;

	/** There is news. */
	tell(): void {
		this.#isUnread = true;
		this.#wake?.();
	}

	/** Resolves when there is news that was not read yet, and reads it. */
	async next(): Promise<void> {
		if (!this.#isUnread) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
		this.#isUnread = false;
	}

	/** Whether there was news, which is read with that. */
	take(): boolean {
		const wasUnread = this.#isUnread;
		this.#isUnread = false;
		return wasUnread;
	}
}
