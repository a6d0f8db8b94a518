import type { Validator } from "@clef-sh/sources";
import type { Clock } from "./clock.js";
import type { CycleResult, RefreshOutcome } from "./refresh-cycle.js";

/** What the loop runs and asks; it knows nothing of artifacts. */
export interface RefresherParts {
	readonly clock: Clock;
	/** One refresh; never rejects. */
	readonly cycle: (validator: Validator | undefined, signal: AbortSignal) => Promise<CycleResult>;
	/** What comes before the first cycle; never rejects. */
	readonly prelude?: (signal: AbortSignal) => Promise<Prelude>;
	/** How long to wait after an outcome; `failures` counts the consecutive ones, this included. */
	readonly pause: (outcome: RefreshOutcome, failures: number, isFirst: boolean) => Pause;
	/** Called before and after each cycle. */
	readonly observe: () => void;
}

/** What was found before the source was asked. */
export interface Prelude {
	/** The validator to begin with. */
	readonly validator: Validator | undefined;
	/** Whether it may find more before a later cycle; it is tried again until one succeeds. */
	readonly mayFindMore: boolean;
}

/** Waiting times in milliseconds. */
export interface Pause {
	/** Until the loop's next refresh. */
	readonly delayMs: number;
	/** Until a reader may bring that forward. */
	readonly quietMs: number;
	/** Whether the source itself asked to be left alone for so long. */
	readonly isAsked: boolean;
}

/** A timer that fires later than this did not run: the process was suspended. */
const PUNCTUAL_MS = 1_000;

/** The loop: one timer and at most one refresh in flight, shared by everyone who asks for one. */
export class Refresher {
	readonly #parts: RefresherParts;
	readonly #stopped = new AbortController();
	#cancelTimer: (() => void) | undefined;
	#flight: Promise<RefreshOutcome> | undefined;
	/** Of the cycle that runs in the flight, or ran last. */
	#attempt = new AbortController();
	#validator: Validator | undefined;
	#rounds = 0;
	#isPreludeDue = true;
	#failures = 0;
	#lastOutcome: RefreshOutcome = { kind: "confirmed" };
	#dueAtMs: number;
	#quietUntilMs = Number.NEGATIVE_INFINITY;
	#isAskedToWait = false;
	#changedInFlight = false;

	constructor(parts: RefresherParts) {
		this.#parts = parts;
		this.#dueAtMs = parts.clock.monotonic();
	}

	/** Aborted by {@link stop}; for work that belongs to the agent's life. */
	get signal(): AbortSignal {
		return this.#stopped.signal;
	}

	/** Starts a refresh now, or joins the one in flight. */
	refresh(): Promise<RefreshOutcome> {
		this.#flight ??= this.#run().finally(() => {
			this.#flight = undefined;
			this.#scheduleNext();
		});
		return this.#flight;
	}

	/**
	 * A refresh on behalf of a reader: joins the one in flight, but starts none within a moment of a
	 * failure or while the source asked for quiet, so that readers of a stale cache cannot hammer a source that is down.
	 */
	async refreshForReader(): Promise<RefreshOutcome> {
		const isQuiet = this.#parts.clock.monotonic() < this.#quietUntilMs;
		return this.#flight === undefined && isQuiet ? this.#lastOutcome : this.refresh();
	}

	/** Joins the refresh in flight, or starts one whose time has come though its timer has not fired; else undefined. */
	refreshIfDue(): Promise<RefreshOutcome> | undefined {
		if (this.#flight !== undefined) return this.#flight;
		const isDue = !this.signal.aborted && this.#parts.clock.monotonic() >= this.#dueAtMs;
		return isDue ? this.refresh() : undefined;
	}

	/**
	 * The process stood still: whoever waits for the refresh in flight waits for a new attempt from now on, because
	 * the connection of the old one may be dead without either end knowing. For the same reason a failure before
	 * this moment says nothing, and is no reason to wait. Otherwise as {@link refreshIfDue}.
	 */
	resumed(): Promise<RefreshOutcome> | undefined {
		if (this.#flight !== undefined) this.#attempt.abort();
		else if (this.#failures > 0 && !this.#isAskedToWait) this.#dueAtMs = this.#parts.clock.monotonic();
		return this.refreshIfDue();
	}

	/**
	 * A refresh that begins now, or as soon as the one in flight has ended: that one may have read what was there
	 * before. However many ask meanwhile, one follows.
	 */
	refreshAnew(): Promise<RefreshOutcome> {
		if (this.#flight === undefined) return this.refresh();
		this.#changedInFlight = true;
		return this.#flight.then(() => this.refresh());
	}

	/** The source says that it changed: refreshes now, and once more if a read was already under way. */
	sourceChanged(): void {
		if (this.#flight !== undefined) this.#changedInFlight = true;
		else if (!this.signal.aborted) void this.refresh();
	}

	/** Ends the loop and aborts what is in flight; a late result counts for nothing. */
	stop(): void {
		this.#stopped.abort();
		this.#attempt.abort();
		this.#cancelTimer?.();
	}

	async #run(): Promise<RefreshOutcome> {
		const { clock, observe } = this.#parts;
		this.#cancelTimer?.();
		// What ran out while the process stood still is no news before the source was asked.
		if (clock.monotonic() < this.#dueAtMs + PUNCTUAL_MS) observe();
		if (this.#isPreludeDue) await this.#begin();
		this.#rounds += 1;
		const { outcome } = await this.#cycle();
		// What the source has now comes before what it had.
		this.#isPreludeDue &&= outcome.kind === "kept";
		this.#failures = outcome.kind === "kept" ? this.#failures + 1 : 0;
		this.#lastOutcome = outcome;
		if (!this.signal.aborted) observe();
		return outcome;
	}

	async #begin(): Promise<void> {
		const { mayFindMore = false, validator } = (await this.#parts.prelude?.(this.signal)) ?? {};
		this.#validator = validator;
		this.#isPreludeDue = mayFindMore;
	}

	/** As many attempts as it takes until none is abandoned by {@link resumed}. */
	async #cycle(): Promise<CycleResult> {
		for (;;) {
			const attempt = new AbortController();
			this.#attempt = attempt;
			if (this.signal.aborted) attempt.abort();
			const result = await this.#parts.cycle(this.#validator, attempt.signal);
			// Of an abandoned attempt, too: it may have learnt that what is held must not be confirmed any more.
			this.#validator = result.validator;
			if (!attempt.signal.aborted || this.signal.aborted) return result;
		}
	}

	#scheduleNext(): void {
		if (this.signal.aborted) return;
		if (this.#changedInFlight) {
			this.#changedInFlight = false;
			void this.refresh();
			return;
		}
		const { clock, pause } = this.#parts;
		const { delayMs, quietMs, isAsked } = pause(this.#lastOutcome, this.#failures, this.#rounds === 1);
		this.#dueAtMs = clock.monotonic() + delayMs;
		this.#quietUntilMs = clock.monotonic() + quietMs;
		this.#isAskedToWait = isAsked;
		this.#cancelTimer = clock.setTimeout(() => void this.refresh(), delayMs);
	}
}
