import type { AgentEvent } from "@clef-sh/core";

/** After these an agent may serve something else than before, or nothing any more. */
const CHANGES: ReadonlySet<AgentEvent["event"]> = new Set([
	"agent.recovered",
	"artifact.refreshed",
	"artifact.restored",
	"artifact.revoked",
	"artifact.expired",
	"cache.expired",
]);

const AT_ONCE = 64;

/**
 * Wakes whoever waits for other secrets. It says that something may have changed, never what: whoever is woken looks
 * at the agent itself, and so cannot miss what happened meanwhile.
 */
export class Changes {
	readonly #listeners = new Set<() => void>();
	#isClosed = false;
	#isPending = false;

	/** Takes every event of the agent: give it to `createAgent` as `onEvent`, or call it from there. */
	readonly write = (event: AgentEvent): void => {
		if (event.event === "agent.stopped") this.close();
		if (!CHANGES.has(event.event) || this.#isPending) return;
		// Events are told in the middle of a change; its end is what counts.
		this.#isPending = true;
		queueMicrotask(() => {
			this.#isPending = false;
			this.#wake();
		});
	};

	/** Whether nobody shall wait any more. */
	get isClosed(): boolean {
		return this.#isClosed;
	}

	/** Calls `listener` after each change, and once at the end; the returned function stops that. */
	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	/** Ends all waiting, so that a listener can be closed at once. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#wake();
	}

	/** Not all in one turn when there are many: each of them writes to a client, and others are being served. */
	#wake(): void {
		const waiting = [...this.#listeners];
		const some = (): void => {
			for (const listener of waiting.splice(0, AT_ONCE)) if (this.#listeners.has(listener)) listener();
			if (waiting.length > 0) setImmediate(some);
		};
		some();
	}
}
