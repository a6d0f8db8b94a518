import { uptime } from "node:os";
// Taken once: the global of the same name is looked up anew each time, through a getter.
import { performance } from "node:perf_hooks";

/** Where time comes from: two readings and one timer. */
export interface Clock {
	/** Wall time in milliseconds since the epoch; may jump. */
	now(): number;
	/** Milliseconds since an arbitrary point; never goes back, and counts time spent suspended. */
	monotonic(): number;
	/** Runs `callback` once after `ms` milliseconds; the returned function cancels it. */
	setTimeout(callback: () => void, ms: number): () => void;
}

/** Node clamps longer delays to one millisecond, which would turn a far date into a hot loop. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Node's own clock; its timers do not keep the process alive. */
export function systemClock(): Clock {
	const monotonic = suspendAwareMonotonic({
		now: Date.now,
		running: () => performance.now(),
		sinceBoot: () => uptime() * 1000,
	});
	return {
		now: Date.now,
		monotonic,
		setTimeout(callback, ms) {
			const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS)).unref();
			return () => clearTimeout(timer);
		},
	};
}

/** Readings in milliseconds that {@link suspendAwareMonotonic} is made from. */
export interface Readings {
	readonly now: () => number;
	/** Monotonic, but standing still while the machine is suspended. */
	readonly running: () => number;
	/** Monotonic, counting suspended time, and too slow to read on every request. */
	readonly sinceBoot: () => number;
}

/** Wall and running clocks drift apart by less than this between two readings unless one of them jumped. */
const DRIFT_MS = 1000;

/**
 * A monotonic clock that counts suspended time: Node's own stands still while a laptop sleeps or a virtual
 * machine is paused, and secrets would look fresher than they are. The boot clock is consulted only when the
 * wall clock and the running clock disagree, because a mere change of the wall clock must not age anything.
 */
export function suspendAwareMonotonic({ now, running, sinceBoot }: Readings): () => number {
	const bootOffsetMs = sinceBoot() - running();
	let wallOffsetMs = now() - running();
	let suspendedMs = 0;
	return () => {
		const runningMs = running();
		const offsetMs = now() - runningMs;
		if (Math.abs(offsetMs - wallOffsetMs) > DRIFT_MS) {
			wallOffsetMs = offsetMs;
			const asleepMs = sinceBoot() - runningMs - bootOffsetMs;
			if (asleepMs > suspendedMs + DRIFT_MS) suspendedMs = asleepMs;
		}
		return runningMs + suspendedMs;
	};
}
