import type { ManualClock } from "@clef-sh/testkit/clock";

/** What an agent waits for with a timer. */
export type TimerKind = "loop" | "disk" | "source";

/** How long a refresh waits for the disk. */
const DISK_DEADLINE_MS = 2_000;
/** How long one read of the source may take in all; every read begins with this timer. */
const READ_DEADLINE_MS = 60_000;

/**
 * A manual clock as one process has it: it tells what the process waits for, and stands still once it is dead.
 *
 * `parity` keeps the timers of two processes from falling due at one moment, where their order would be chance.
 */
export class ProcessClock {
	readonly #clock: ManualClock;
	readonly #parity: number;
	readonly #timers: Map<symbol, { readonly kind: TimerKind; readonly cancel: () => void }> = new Map();
	readonly #dice: () => number;
	/** Reads of the source that have begun, ever. */
	readsBegun = 0;
	#isLoopNext = false;
	#isDead = false;

	constructor(clock: ManualClock, dice: () => number, parity: number) {
		this.#clock = clock;
		this.#dice = dice;
		this.#parity = parity;
	}

	readonly now = (): number => this.#clock.now();

	readonly monotonic = (): number => this.#clock.monotonic();

	/** An agent asks for it only to choose how long its loop shall wait. */
	readonly random = (): number => {
		this.#isLoopNext = true;
		return this.#dice();
	};

	readonly setTimeout = (callback: () => void, ms: number): (() => void) => {
		const kind = this.#isLoopNext ? "loop" : ms === DISK_DEADLINE_MS ? "disk" : "source";
		this.#isLoopNext = false;
		if (kind === "source" && ms === READ_DEADLINE_MS) this.readsBegun += 1;
		if (this.#isDead) return () => undefined;
		const id = Symbol(kind);
		const isOdd = (this.#clock.monotonic() + ms) % 2 !== this.#parity;
		const fire = () => {
			this.#timers.delete(id);
			callback();
		};
		const cancel = this.#clock.setTimeout(fire, isOdd ? ms + 1 : ms);
		this.#timers.set(id, { kind, cancel });
		return () => {
			this.#timers.delete(id);
			cancel();
		};
	};

	/** How many timers of this kind wait, or of all kinds. */
	pending(kind?: TimerKind): number {
		return [...this.#timers.values()].filter((timer) => kind === undefined || timer.kind === kind).length;
	}

	/** Ends the process, as far as time is concerned. */
	kill(): void {
		this.#isDead = true;
		for (const { cancel } of this.#timers.values()) cancel();
		this.#timers.clear();
	}
}
