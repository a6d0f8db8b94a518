// What is counted while something happens to a fleet.

/** @typedef {{ agents: number, startMs: number, revision: number, staleAfterMs: number, bytes: Place["bytes"] }} PhaseOptions */
/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./places.js").Answer["kind"]} Kind */

/** Counts requests, and agents as they reach what the phase waits for: a success with at least `revision`. */
export class Phase {
	requests = 0;
	refused = 0;
	modified = 0;
	#options;
	/** @type {number[]} requests in each second */
	#perSecond = [];
	/** @type {number[]} milliseconds until each agent, in order */
	#reachedMs = [];
	#hasReached;
	#wasStale;

	/** @param {PhaseOptions} options */
	constructor(options) {
		this.#options = options;
		this.#hasReached = new Uint8Array(options.agents);
		this.#wasStale = new Uint8Array(options.agents);
	}

	get isDone() {
		return this.#reachedMs.length === this.#options.agents;
	}

	/** @param {number} nowMs @param {Kind} kind */
	asked(nowMs, kind) {
		this.requests += 1;
		if (kind === "refused") this.refused += 1;
		if (kind === "modified") this.modified += 1;
		const second = Math.floor((nowMs - this.#options.startMs) / 1_000);
		this.#perSecond[second] = (this.#perSecond[second] ?? 0) + 1;
	}

	/**
	 * @param {number} agent
	 * @param {number} nowMs
	 * @param {number} revision what it serves from now on
	 */
	succeeded(agent, nowMs, revision) {
		if (this.#hasReached[agent] === 1 || revision < this.#options.revision) return;
		this.#hasReached[agent] = 1;
		this.#reachedMs.push(nowMs - this.#options.startMs);
	}

	/** Notes an agent that was not confirmed between these moments. @param {number} agent @param {number} fromMs @param {number} toMs */
	unconfirmed(agent, fromMs, toMs) {
		if (toMs - fromMs >= this.#options.staleAfterMs) this.#wasStale[agent] = 1;
	}

	/** How many agents stopped serving because what they held became older than the TTL. */
	get overTtl() {
		return this.#wasStale.reduce((sum, one) => sum + one, 0);
	}

	get bytes() {
		const { bytes } = this.#options;
		const unmodified = this.requests - this.refused - this.modified;
		return unmodified * bytes.unmodified + this.modified * bytes.modified;
	}

	get peakPerSecond() {
		return this.#perSecond.reduce((most, one) => Math.max(most, one), 0);
	}

	/**
	 * Requests a second, on average over each so many seconds.
	 * @param {number} seconds
	 * @param {number} untilMs
	 */
	rates(seconds, untilMs) {
		const buckets = Math.floor((untilMs - this.#options.startMs) / 1_000 / seconds);
		return Array.from({ length: buckets }, (_, bucket) => {
			const within = this.#perSecond.slice(bucket * seconds, (bucket + 1) * seconds);
			return round(within.reduce((sum, one) => sum + (one ?? 0), 0) / seconds);
		});
	}

	/** Seconds until this share of the agents; null where that was not reached. @param {number} share */
	secondsUntil(share) {
		const agents = Math.max(1, Math.ceil(share * this.#options.agents));
		const ms = this.#reachedMs[agents - 1];
		return ms === undefined ? null : round(ms / 1_000);
	}

	/** What the tables show of who got where, and when. */
	get arrival() {
		return {
			share: round(this.#reachedMs.length / this.#options.agents),
			seconds50: this.secondsUntil(0.5),
			seconds99: this.secondsUntil(0.99),
			seconds100: this.secondsUntil(1),
		};
	}
}

/** Three decimals are enough for every figure, and keep the results short. @param {number} value */
export function round(value) {
	return Math.round(value * 1_000) / 1_000;
}
