/** A clock that moves only when a test says so; fits every `Clock` and `SourceTimers` of ours. */
export class ManualClock {
	#wallMs: number;
	#monotonicMs = 0;
	#sequence = 0;
	readonly #timers = new Map<number, { readonly dueMs: number; readonly callback: () => void }>();

	/** Starts at this wall time, by default some minutes after the golden vectors were packed. */
	constructor(wallMs: number = Date.parse("2026-11-22T05:00:00.000Z")) {
		this.#wallMs = wallMs;
	}

	/** Timers that have been set and neither ran nor were cancelled. */
	get pendingTimers(): number {
		return this.#timers.size;
	}

	/** Milliseconds until the earliest timer, or undefined without one. */
	get nextTimerMs(): number | undefined {
		const next = this.#earliest();
		return next === undefined ? undefined : next.dueMs - this.#monotonicMs;
	}

	readonly now = (): number => this.#wallMs;

	readonly monotonic = (): number => this.#monotonicMs;

	readonly setTimeout = (callback: () => void, ms: number): (() => void) => {
		this.#sequence += 1;
		const id = this.#sequence;
		this.#timers.set(id, { dueMs: this.#monotonicMs + ms, callback });
		return () => {
			this.#timers.delete(id);
		};
	};

	/** Moves both clocks on, running what falls due in order and letting promises settle in between. */
	async advance(ms: number): Promise<void> {
		const end = this.#monotonicMs + ms;
		await settle();
		for (let next = this.#earliest(); next !== undefined && next.dueMs <= end; next = this.#earliest()) {
			this.#moveTo(Math.max(next.dueMs, this.#monotonicMs));
			this.#timers.delete(next.id);
			next.callback();
			await settle();
		}
		this.#moveTo(end);
	}

	/** Sets the wall clock alone, as an administrator or NTP would. */
	jumpTo(wallMs: number): void {
		this.#wallMs = wallMs;
	}

	/** Moves both clocks on without running a timer, as a stopped process would find them. */
	freeze(ms: number): void {
		this.#moveTo(this.#monotonicMs + ms);
	}

	#moveTo(monotonicMs: number): void {
		this.#wallMs += monotonicMs - this.#monotonicMs;
		this.#monotonicMs = monotonicMs;
	}

	#earliest(): { readonly id: number; readonly dueMs: number; readonly callback: () => void } | undefined {
		let earliest: { id: number; dueMs: number; callback: () => void } | undefined;
		for (const [id, timer] of this.#timers) {
			if (earliest === undefined || timer.dueMs < earliest.dueMs) earliest = { id, ...timer };
		}
		return earliest;
	}
}

/** Lets every promise that can settle without time or I/O settle. */
export async function settle(): Promise<void> {
	for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
