/** What decides when the next refresh begins; durations in milliseconds. */
export interface ScheduleInput {
	/** Consecutive failures, 0 after a success. */
	readonly failures: number;
	readonly pollMs: number;
	/** After the first refresh of an agent's life. */
	readonly isFirst?: boolean;
	/** Longest back-off. */
	readonly backoffCapMs: number;
	/** How long the source asked to be left alone. */
	readonly retryAfterMs?: number | undefined;
	/** Until the held artifact expires; not positive once it has. */
	readonly untilExpiryMs?: number | undefined;
	/** Until what is held becomes stale; not positive once it is. */
	readonly untilStaleMs?: number | undefined;
	/** Uniform in [0, 1). */
	readonly random: () => number;
}

const SHORTEST_DELAY_MS = 1_000;
const FIRST_BACKOFF_MS = 2_000;
/** A proxy that asks for more than this is answered with patience of our own measure. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;
/** Node runs longer timers at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;
/** A new artifact should be in hand well before the old one ends. */
const EXPIRY_FRACTION = 0.8;

/** Milliseconds from the end of one refresh to the start of the next: contract §4. */
export function nextRefreshDelayMs(input: ScheduleInput): number {
	const { untilExpiryMs, random } = input;
	let delay = input.failures === 0 ? pollDelay(input) : backoffDelay(input);
	if (untilExpiryMs !== undefined && untilExpiryMs > 0)
		delay = Math.min(delay, untilExpiryMs * EXPIRY_FRACTION);
	if (input.retryAfterMs !== undefined) {
		// Up to a tenth more, so that a fleet told the same time does not return at the same moment.
		const askedMs = Math.min(input.retryAfterMs, LONGEST_RETRY_AFTER_MS) * (1 + random() / 10);
		delay = Math.max(delay, askedMs);
	}
	return Math.round(Math.min(Math.max(delay, SHORTEST_DELAY_MS), LONGEST_DELAY_MS));
}

/**
 * Jitter only shortens: the contract's interval is also the slowest one. The first interval is any part of it, so
 * that a fleet which starts at one moment is spread over all of it from its second request on.
 */
function pollDelay({ pollMs, isFirst, random }: ScheduleInput): number {
	return isFirst ? pollMs * (1 - random()) : pollMs * (1 - random() / 10);
}

/** Exponential with full jitter, but one more try is made when what is held is about to become stale. */
function backoffDelay({ failures, backoffCapMs, untilStaleMs, random }: ScheduleInput): number {
	const ceilingMs = Math.min(backoffCapMs, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 30));
	const delay = random() * ceilingMs;
	return untilStaleMs !== undefined && untilStaleMs > 0 ? Math.min(delay, untilStaleMs) : delay;
}
