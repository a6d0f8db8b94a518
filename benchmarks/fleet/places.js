// Places in memory that answer as fast, and refuse as much, as the real ones say they do.

import { BYTES, GITHUB, HTTP, LATENCY_MS, S3 } from "./limits.js";

/** @typedef {{ kind: "modified" | "unmodified" | "refused", afterMs: number, retryAfterMs?: number }} Answer */
/** @typedef {"modified" | "unmodified"} Wanted */
/** @typedef {"github" | "github-free-304" | "s3" | "http"} PlaceName */
/**
 * What an agent's request meets: `wanted` is what the place would answer if nothing stood in the way.
 * @typedef {{ ask(nowMs: number, wanted: Wanted): Answer }} Limits
 */

/** The one source of a fleet. */
export class Place {
	revision = 1;
	isDown = false;
	#limits;

	/** @param {PlaceName} name */
	constructor(name) {
		this.#limits = LIMITS[name]();
		this.bytes = BYTES[name === "github-free-304" ? "github" : name];
	}

	/**
	 * @param {number} nowMs
	 * @param {number} heldRevision
	 * @returns {Answer}
	 */
	ask(nowMs, heldRevision) {
		// A place that is down says nothing about when it will be back.
		if (this.isDown) return { kind: "refused", afterMs: LATENCY_MS };
		return this.#limits.ask(nowMs, heldRevision === this.revision ? "unmodified" : "modified");
	}
}

/** @type {Record<PlaceName, () => Limits>} */
const LIMITS = {
	github: () => new GithubLimits(true),
	"github-free-304": () => new GithubLimits(false),
	s3: () => new PrefixLimits(),
	http: () => new ServerLimits(),
};

/**
 * One token. A refused request counts nowhere, and windows are fixed ones: GitHub documents neither. Once the hour's
 * requests are used up, a request that would end in a 304 is refused too, which is the cautious reading.
 * @implements {Limits}
 */
class GithubLimits {
	#countsUnmodified;
	#hour = { endMs: 0, used: 0 };
	#minute = { endMs: 0, used: 0 };
	/** @type {number[]} when the requests under way end, in order */
	#ends = [];

	/** @param {boolean} countsUnmodified whether a 304 counts towards the points of a minute */
	constructor(countsUnmodified) {
		this.#countsUnmodified = countsUnmodified;
	}

	/** @param {number} nowMs @param {Wanted} wanted @returns {Answer} */
	ask(nowMs, wanted) {
		if (nowMs >= this.#hour.endMs) this.#hour = { endMs: nowMs + 3_600_000, used: 0 };
		if (nowMs >= this.#minute.endMs) this.#minute = { endMs: nowMs + 60_000, used: 0 };
		while (this.#ends[0] !== undefined && this.#ends[0] <= nowMs) this.#ends.shift();
		if (this.#hour.used >= GITHUB.requestsPerHour) return refusal(this.#hour.endMs - nowMs);
		const isCounted = wanted === "modified" || this.#countsUnmodified;
		const isTooMuch = isCounted && this.#minute.used >= GITHUB.pointsPerMinute;
		if (isTooMuch || this.#ends.length >= GITHUB.concurrent) return refusal(GITHUB.secondaryWaitMs);
		if (isCounted) this.#minute.used += 1;
		if (wanted === "modified") this.#hour.used += 1;
		this.#ends.push(nowMs + LATENCY_MS);
		return { kind: wanted, afterMs: LATENCY_MS };
	}
}

/** @param {number} retryAfterMs @returns {Answer} */
function refusal(retryAfterMs) {
	return { kind: "refused", afterMs: LATENCY_MS, retryAfterMs };
}

/**
 * So many requests in each second; the rest are told `SlowDown`, which names no time.
 * @implements {Limits}
 */
class PrefixLimits {
	#second = { endMs: 0, used: 0 };

	/** @param {number} nowMs @param {Wanted} wanted @returns {Answer} */
	ask(nowMs, wanted) {
		if (nowMs >= this.#second.endMs) this.#second = { endMs: nowMs + 1_000, used: 0 };
		this.#second.used += 1;
		const kind = this.#second.used > S3.requestsPerSecond ? "refused" : wanted;
		return { kind, afterMs: LATENCY_MS };
	}
}

/**
 * One request after the other, a queue of a stated length, and refusal beyond it.
 * @implements {Limits}
 */
class ServerLimits {
	#freeAtMs = 0;

	/** @param {number} nowMs @param {Wanted} wanted @returns {Answer} */
	ask(nowMs, wanted) {
		const serviceMs = 1_000 / HTTP.requestsPerSecond;
		const waitMs = Math.max(0, this.#freeAtMs - nowMs);
		if (waitMs >= HTTP.queue * serviceMs) return { kind: "refused", afterMs: LATENCY_MS };
		this.#freeAtMs = nowMs + waitMs + serviceMs;
		return { kind: wanted, afterMs: LATENCY_MS + waitMs + serviceMs };
	}
}
