// Many agents before one place: the real loop, schedule and back-off of packages/core, and in the place of a cycle's
// fetching, verifying and decrypting an answer in memory. Those would cost a hundred thousand agents gigabytes and
// most of an hour, and have no part in when an agent asks; e2e/fleet.test.ts checks that whole agents ask alike.

import { Phase } from "./phase.js";
import { randomOf } from "./random.js";

/** @typedef {import("../../packages/core/src/refresher.js").Refresher} RefresherInstance */
/** @typedef {import("../../packages/core/src/refresher.js").Pause} Pause */
/** @typedef {import("../../packages/core/src/refresh-cycle.js").CycleResult} CycleResult */
/** @typedef {import("../../packages/core/src/refresh-cycle.js").RefreshOutcome} RefreshOutcome */
/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./millisecond-clock.js").MillisecondClock} MillisecondClock */
/** @typedef {{ agents: number, ttlSeconds: number, place: Place, clock: MillisecondClock, seed: number }} FleetOptions */

/** What was built. */
const PACKAGES = new URL("../../packages/", import.meta.url).href;
/** @type {typeof import("../../packages/core/src/refresher.js")} */
const { Refresher } = await import(`${PACKAGES}core/dist/refresher.js`);
/** @type {typeof import("../../packages/core/src/schedule.js")} */
const { nextRefreshDelayMs } = await import(`${PACKAGES}core/dist/schedule.js`);
/** @type {typeof import("../../packages/core/src/mode.js")} */
const { cachedMode, jitMode } = await import(`${PACKAGES}core/dist/mode.js`);
/** @type {typeof import("../../packages/sources/src/source-error.js")} */
const { SourceError } = await import(`${PACKAGES}sources/dist/source-error.js`);

/** Readers leave a source that failed alone for so long, as `LiveAgent` has it. */
const READER_PAUSE_MS = 1_000;

const REFUSED = new SourceError("SOURCE_UNREACHABLE", "The place did not answer.");
const NEVER = Number.NEGATIVE_INFINITY;
/** Nothing here needs to be decrypted. */
const NO_DECRYPTOR = {
	decrypt: async () => {
		throw REFUSED;
	},
};

/**
 * How often agents of this TTL poll, and when they stop serving: what core itself says; a TTL of 0 is just-in-time.
 * @param {number} ttlSeconds
 * @returns {{ pollMs: number, staleAfterMs: number }}
 */
export function timesOf(ttlSeconds) {
	return ttlSeconds === 0 ? jitMode(NO_DECRYPTOR) : cachedMode(NO_DECRYPTOR, ttlSeconds);
}

/** The agents, and the {@link Phase} that counts what they do. */
export class Fleet {
	/** @type {Phase} */
	phase;
	#options;
	#times;
	#confirmedAtMs;
	#revisions;
	/** @type {(number | undefined)[]} what the place said to each agent's last request */
	#retryAfterMs;
	/** @type {RefresherInstance[]} */
	#refreshers = [];

	/** @param {FleetOptions} options */
	constructor(options) {
		const { agents, clock, seed, ttlSeconds } = options;
		this.#options = options;
		this.#times = timesOf(ttlSeconds);
		this.#confirmedAtMs = new Float64Array(agents).fill(NEVER);
		this.#revisions = new Uint32Array(agents);
		this.#retryAfterMs = new Array(agents);
		this.phase = this.begin();
		for (let agent = 0; agent < agents; agent += 1) {
			const random = randomOf(seed, agent);
			this.#refreshers.push(
				new Refresher({
					clock,
					cycle: () => this.#cycle(agent),
					pause: (_, failures, isFirst) => this.#pause(agent, failures, isFirst, random),
					observe: () => undefined,
				}),
			);
		}
	}

	/** Starts every agent, each at its own moment of this time. @param {number} withinMs */
	start(withinMs) {
		const { clock, seed } = this.#options;
		const random = randomOf(seed, -1);
		for (const refresher of this.#refreshers) {
			clock.setTimeout(() => void refresher.refresh(), Math.floor(random() * withinMs));
		}
	}

	/** Begins to count anew. @returns {Phase} */
	begin() {
		const { agents, clock, place } = this.#options;
		const { staleAfterMs } = this.#times;
		const startMs = clock.monotonic();
		const { bytes, revision } = place;
		this.phase = new Phase({ agents, startMs, revision, staleAfterMs, bytes });
		return this.phase;
	}

	/** Notes who is stale at the end of a phase. @returns {Phase} */
	end() {
		const nowMs = this.#options.clock.monotonic();
		this.#confirmedAtMs.forEach((atMs, agent) => {
			if (atMs !== NEVER) this.phase.unconfirmed(agent, atMs, nowMs);
		});
		return this.phase;
	}

	/** From now on every agent is asked for its secrets each so many milliseconds. @param {number} everyMs */
	read(everyMs) {
		const { clock, seed } = this.#options;
		const random = randomOf(seed, -2);
		this.#refreshers.forEach((refresher, agent) => {
			const ask = () => {
				const ageMs = clock.monotonic() - (this.#confirmedAtMs[agent] ?? NEVER);
				if (ageMs >= this.#times.staleAfterMs) void refresher.refreshForReader();
				clock.setTimeout(ask, everyMs);
			};
			clock.setTimeout(ask, Math.floor(random() * everyMs));
		});
	}

	/** @param {number} agent @returns {Promise<CycleResult>} */
	#cycle(agent) {
		const { clock, place } = this.#options;
		const startedMs = clock.monotonic();
		const { revision } = place;
		const answer = place.ask(startedMs, this.#revisions[agent] ?? 0);
		this.phase.asked(startedMs, answer.kind);
		return new Promise((resolve) => {
			clock.setTimeout(() => {
				this.#retryAfterMs[agent] = answer.retryAfterMs;
				if (answer.kind !== "refused") this.#succeed(agent, startedMs, revision);
				resolve({ outcome: OUTCOMES[answer.kind], validator: undefined });
			}, answer.afterMs);
		});
	}

	/** @param {number} agent @param {number} startedMs @param {number} revision */
	#succeed(agent, startedMs, revision) {
		const nowMs = this.#options.clock.monotonic();
		const beforeMs = this.#confirmedAtMs[agent] ?? NEVER;
		if (beforeMs !== NEVER) this.phase.unconfirmed(agent, beforeMs, nowMs);
		this.#confirmedAtMs[agent] = startedMs;
		this.#revisions[agent] = revision;
		this.phase.succeeded(agent, nowMs, revision);
	}

	/**
	 * As `LiveAgent` asks the schedule.
	 * @param {number} agent
	 * @param {number} failures
	 * @param {boolean} isFirst
	 * @param {() => number} random
	 * @returns {Pause}
	 */
	#pause(agent, failures, isFirst, random) {
		const { pollMs, staleAfterMs } = this.#times;
		const confirmedAtMs = this.#confirmedAtMs[agent] ?? NEVER;
		const retryAfterMs = this.#retryAfterMs[agent];
		const delayMs = nextRefreshDelayMs({
			failures,
			isFirst,
			pollMs,
			backoffCapMs: staleAfterMs,
			retryAfterMs,
			untilStaleMs:
				confirmedAtMs === NEVER ? undefined : confirmedAtMs + staleAfterMs - this.#options.clock.monotonic(),
			random,
		});
		const isAsked = retryAfterMs !== undefined;
		if (failures === 0) return { delayMs, quietMs: 0, isAsked };
		return { delayMs, quietMs: isAsked ? delayMs : Math.min(delayMs, READER_PAUSE_MS), isAsked };
	}
}

/** @type {Record<import("./places.js").Answer["kind"], RefreshOutcome>} */
const OUTCOMES = {
	modified: { kind: "replaced", revision: "new" },
	unmodified: { kind: "confirmed" },
	refused: { kind: "kept", error: REFUSED },
};
