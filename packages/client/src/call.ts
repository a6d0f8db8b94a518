import { Backoff } from "./backoff.js";
import { parseJson, readText } from "./body.js";
import { ClientError } from "./client-error.js";
import { Deadline, type Limits, pause } from "./deadline.js";
import { type AgentRequest, type Connection, exchange } from "./exchange.js";

/** One call: what is asked, what must come back, and for how long it is tried. */
export interface Call<T> extends AgentRequest {
	readonly isKind: (value: unknown) => value is T;
	readonly timeoutMs: number;
	/** Whether an agent that is not there or not ready is asked again until the time is over. */
	readonly isRetried: boolean;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

/** Makes a call and returns its answer; rejects with the `ClientError` of the last attempt. */
export async function call<T>(
	connection: Connection,
	limits: Limits,
	random: () => number,
	wanted: Call<T>,
): Promise<T> {
	const { clock } = limits;
	const endMs = clock.monotonic() + wanted.timeoutMs;
	const backoff = new Backoff(random, FIRST_WAIT_MS, LONGEST_WAIT_MS);
	// Half of the time, so that after a connection that had died unnoticed there is time for another.
	const attemptMs = wanted.isRetried ? wanted.timeoutMs / 2 : wanted.timeoutMs;
	let limitMs = attemptMs;
	for (;;) {
		try {
			return await attempt(connection, limits, wanted, limitMs);
		} catch (error) {
			const askedMs = error instanceof ClientError ? error.retryAfterMs : undefined;
			const waitMs = Math.max(backoff.next(), askedMs ?? 0);
			const isWorthIt = wanted.isRetried && error instanceof ClientError && error.retryable;
			// Written so that a time that is not a number is over at once, and never goes on for ever.
			if (!isWorthIt || !(clock.monotonic() + waitMs < endMs)) throw error;
			await pause(waitMs, limits);
			// A timer may come late, most of all where the process was frozen in between.
			limitMs = Math.min(attemptMs, endMs - clock.monotonic());
			if (limitMs <= 0) throw error;
		}
	}
}

async function attempt<T>(
	connection: Connection,
	limits: Limits,
	wanted: Call<T>,
	limitMs: number,
): Promise<T> {
	const deadline = new Deadline(limits);
	try {
		deadline.limit(limitMs, `The agent did not answer within ${Math.ceil(limitMs)} ms; see its log.`);
		const response = await exchange(connection, wanted, deadline);
		return parseJson(await readText(response, deadline, connection.maxBytes), wanted.isKind);
	} finally {
		deadline.close();
	}
}
