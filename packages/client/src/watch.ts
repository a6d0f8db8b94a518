import { Backoff } from "./backoff.js";
import type { Change } from "./change.js";
import { ClientError } from "./client-error.js";
import { pause } from "./deadline.js";
import type { AgentState, News } from "./news.js";
import { polledNews } from "./poll.js";
import { pushedNews } from "./push.js";
import type { WatchContext } from "./watch-context.js";

/** How to watch. */
export interface WatchOptions {
	/** Ends the watch. */
	readonly signal?: AbortSignal | undefined;
	/** Told when the agent starts or stops serving secrets. Awaited. */
	readonly onState?: ((state: AgentState) => unknown) | undefined;
	/** Told of each attempt that failed; the watch goes on. Awaited. */
	readonly onError?: ((error: ClientError) => unknown) | undefined;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Reports changes until the signal ends it; whatever happens to the connection, it goes on.
 *
 * Rejects with `ClientError` (`CONFIG_INVALID`), or with what a callback threw.
 */
export async function watchAgent(
	context: WatchContext,
	onChange: (change: Change) => unknown,
	{ onState, onError }: WatchOptions,
): Promise<void> {
	const { signal } = context.limits;
	let known: AgentState | undefined;
	for await (const news of allNews(context)) {
		if (signal?.aborted) return;
		if (news.kind === "change") await onChange(news.change);
		else if (news.kind === "error") await onError?.(news.error);
		else if (news.kind === "state" && news.state !== known) {
			known = news.state;
			await onState?.(news.state);
		}
	}
}

/** Callbacks run outside of this, so that what they throw is not taken for a lost connection. */
async function* allNews(context: WatchContext): AsyncGenerator<News> {
	const { limits, random } = context;
	const backoff = new Backoff(random, FIRST_WAIT_MS, LONGEST_WAIT_MS);
	for (;;) {
		try {
			for await (const news of pushedOrPolled(context)) {
				if (news.kind === "contact") backoff.reset(news.retryMs);
				yield news;
			}
		} catch (error) {
			if (limits.signal?.aborted) return;
			if (!(error instanceof ClientError) || error.code === "CONFIG_INVALID") throw error;
			yield newsOf(error);
			const waitMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
			if (!(await hasWaited(waitMs, context))) return;
		}
	}
}

/** An agent without push says that there is no such endpoint. */
async function* pushedOrPolled(context: WatchContext): AsyncGenerator<News> {
	try {
		yield* pushedNews(context);
	} catch (error) {
		if (!(error instanceof ClientError && error.agentCode === "NOT_FOUND")) throw error;
	}
	yield* polledNews(context);
}

function newsOf(error: ClientError): News {
	const { reason } = error;
	return reason === undefined ? { kind: "error", error } : { kind: "state", state: reason };
}

async function hasWaited(ms: number, { limits }: WatchContext): Promise<boolean> {
	try {
		await pause(ms, limits);
		return true;
	} catch {
		return false;
	}
}
