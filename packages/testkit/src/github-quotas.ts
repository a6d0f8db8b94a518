import type { OutgoingHttpHeaders } from "node:http";

interface Quota {
	used: number;
	resetAt: number;
}

/** Requests an hour, as GitHub's "Rate limits for the REST API" has them. */
const AUTHENTICATED = 5000;
const ANONYMOUS = 60;
const WINDOW_S = 3600;

/** The primary rate limit: so many requests per user and hour. */
export class GithubQuotas {
	readonly #quotas = new Map<string, Quota>();
	readonly #now: () => number;

	/** `now` is the wall clock in epoch milliseconds. */
	constructor(now: () => number) {
		this.#now = now;
	}

	remaining(holder: string): number {
		return Math.max(0, limitOf(holder) - this.#quota(holder).used);
	}

	spend(holder: string, requests = 1): void {
		this.#quota(holder).used += requests;
	}

	/** The headers that every answer carries. */
	headers(holder: string): OutgoingHttpHeaders {
		const { used, resetAt } = this.#quota(holder);
		return {
			"x-ratelimit-limit": limitOf(holder),
			"x-ratelimit-remaining": this.remaining(holder),
			"x-ratelimit-used": used,
			"x-ratelimit-reset": resetAt,
			"x-ratelimit-resource": "core",
		};
	}

	#quota(holder: string): Quota {
		const nowS = Math.floor(this.#now() / 1000);
		const held = this.#quotas.get(holder);
		if (held !== undefined && held.resetAt > nowS) return held;
		const fresh = { used: 0, resetAt: nowS + WINDOW_S };
		this.#quotas.set(holder, fresh);
		return fresh;
	}
}

function limitOf(holder: string): number {
	return holder === "" ? ANONYMOUS : AUTHENTICATED;
}
