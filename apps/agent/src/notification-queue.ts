import type { Clock } from "@clef-sh/core";

/** Delivers assignments such as `READY=1` to the service manager; rejects when it cannot. */
export type Notify = (assignments: readonly string[]) => Promise<unknown>;

/** What a queue needs of the world. */
export interface NotificationQueueParts {
	readonly notify: Notify;
	readonly clock: Pick<Clock, "setTimeout">;
	/** Told the first failure. */
	readonly onFailure: (error: unknown) => void;
}

const RETRY_MS = 10_000;

/**
 * Delivers one notification at a time, in order, and only what still matters: whatever is due when one ends goes
 * out together. What could not be delivered is tried again.
 */
export class NotificationQueue {
	readonly #parts: NotificationQueueParts;
	/** Changes of state; these must not be left out. */
	#states: (readonly string[])[] = [];
	#status: string | undefined;
	#pulse: string | undefined;
	#isDelivering = false;
	#delivery: Promise<void> | undefined;
	#cancelRetry: (() => void) | undefined;
	#hasFailed = false;

	constructor(parts: NotificationQueueParts) {
		this.#parts = parts;
	}

	/** Adds a change of state. With `supersedes`, those that still wait are left out. */
	state(assignments: readonly string[], { supersedes }: { readonly supersedes: boolean }): void {
		if (supersedes) this.#states = [];
		this.#states.push(assignments);
		this.#drain();
	}

	/** Replaces the status text that waits, if any. */
	status(text: string): void {
		this.#status = `STATUS=${text}`;
		this.#drain();
	}

	/** A sign of life. */
	pulse(assignment: string): void {
		this.#pulse = assignment;
		this.#drain();
	}

	/** Resolves when what was added is delivered or has failed. */
	async settled(): Promise<void> {
		await this.#delivery;
	}

	/** Tries nothing again from now on. */
	close(): void {
		this.#cancelRetry?.();
	}

	#drain(): void {
		if (this.#isDelivering) return;
		this.#isDelivering = true;
		this.#delivery = this.#deliverAll();
	}

	async #deliverAll(): Promise<void> {
		this.#cancelRetry?.();
		try {
			// What is added in the same breath goes out together.
			await undefined;
			for (let next = this.#take(); next.length > 0; next = this.#take()) await this.#deliver(next);
		} catch (error) {
			this.#cancelRetry = this.#parts.clock.setTimeout(() => this.#drain(), RETRY_MS);
			if (!this.#hasFailed) this.#parts.onFailure(error);
			this.#hasFailed = true;
		} finally {
			this.#isDelivering = false;
		}
	}

	async #deliver(assignments: readonly string[]): Promise<void> {
		try {
			await this.#parts.notify(assignments);
		} catch (error) {
			this.#putBack(assignments);
			throw error;
		}
	}

	#take(): readonly string[] {
		const due = [...(this.#states.shift() ?? []), this.#status, this.#pulse];
		this.#status = undefined;
		this.#pulse = undefined;
		return due.filter((assignment) => assignment !== undefined);
	}

	/** A sign of life is not kept: one that comes late would be a lie. */
	#putBack(assignments: readonly string[]): void {
		const state = assignments.filter((one) => !STATUS.test(one) && !PULSE.test(one));
		if (state.length > 0) this.#states.unshift(state);
		this.#status ??= assignments.find((one) => STATUS.test(one));
	}
}

const STATUS = /^STATUS=/;
const PULSE = /^(?:WATCHDOG|EXTEND_TIMEOUT_USEC)=/;
