// One clock for a whole fleet: a list of timers for each millisecond, because every delay is whole milliseconds and
// a hundred thousand agents have a timer each.

/** @typedef {{ callback: (() => void) | undefined }} Timer */

/** Where simulated time begins; only differences matter. */
const EPOCH_MS = Date.parse("2026-11-22T05:00:00.000Z");

/** A `Clock` of core that moves only in {@link MillisecondClock.run}, in whole milliseconds. */
export class MillisecondClock {
	#nowMs = 0;
	/** @type {Map<number, Timer[]>} */
	#due = new Map();

	now = () => EPOCH_MS + this.#nowMs;

	monotonic = () => this.#nowMs;

	/** @param {() => void} callback @param {number} ms @returns {() => void} */
	setTimeout = (callback, ms) => {
		/** @type {Timer} */
		const timer = { callback };
		const dueMs = this.#nowMs + Math.max(0, Math.ceil(ms));
		const others = this.#due.get(dueMs);
		if (others === undefined) this.#due.set(dueMs, [timer]);
		else others.push(timer);
		return () => {
			timer.callback = undefined;
		};
	};

	/**
	 * Runs what falls due before `untilMs`, or until `isDone`, whichever comes first; promises settle after each
	 * millisecond in which something happened.
	 * @param {number} untilMs
	 * @param {() => boolean} [isDone]
	 */
	async run(untilMs, isDone = () => false) {
		await settled();
		for (; this.#nowMs < untilMs && !isDone(); this.#nowMs += 1) {
			for (let timers = this.#take(); timers !== undefined; timers = this.#take()) {
				for (const { callback } of timers) callback?.();
				await settled();
			}
		}
	}

	#take() {
		const timers = this.#due.get(this.#nowMs);
		this.#due.delete(this.#nowMs);
		return timers;
	}
}

/** Comes after every promise that can settle without time or I/O. */
function settled() {
	return new Promise((resolve) => setImmediate(resolve));
}
