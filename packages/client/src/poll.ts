import { Backoff } from "./backoff.js";
import { pause } from "./deadline.js";
import type { News } from "./news.js";
import { readSnapshot } from "./snapshot.js";
import type { WatchContext } from "./watch-context.js";

const WAIT_SECONDS = 50;
/** An agent that holds no request is not asked more often than this, twice the shortest jittered wait. */
const SHORTEST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 60_000;
/** Answers that come faster than this one after another are spread. */
const APART_MS = 1000;

/** What asking an agent without push again and again tells; rejects with `ClientError`. */
export async function* polledNews(context: WatchContext): AsyncGenerator<News> {
	const { connection, limits, tracker, random } = context;
	const backoff = new Backoff(random, SHORTEST_WAIT_MS, LONGEST_WAIT_MS);
	for (;;) {
		const startedMs = limits.clock.monotonic();
		const snapshot = await readSnapshot(connection, limits, {
			notTag: tracker.tag,
			waitSeconds: WAIT_SECONDS,
		});
		const change = snapshot && (await tracker.takeSecrets(snapshot.tag, snapshot.secrets));
		yield { kind: "contact" };
		yield { kind: "state", state: "ready" };
		if (change !== undefined) yield { kind: "change", change };
		const tookMs = limits.clock.monotonic() - startedMs;
		// "Unchanged" so soon means that the agent does not know `wait`.
		const isHeld = snapshot !== undefined || tookMs > (WAIT_SECONDS * 1000) / 2;
		if (isHeld) backoff.reset();
		const waitMs = isHeld ? APART_MS - tookMs : backoff.next();
		if (waitMs > 0) await pause(waitMs, limits);
	}
}
