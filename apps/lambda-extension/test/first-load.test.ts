import type { AgentEvent } from "@clef-sh/core";
import { settle } from "@clef-sh/testkit/clock";
import { expect, it } from "vitest";
import { FirstLoad } from "../src/first-load.js";

const at = 0;
const serving = { revision: undefined, untilMs: undefined };
const failed: AgentEvent = {
	event: "fetch.failed",
	at,
	code: "SOURCE_TIMEOUT",
	error: "Late.",
	retryAfterMs: undefined,
	diskCacheAvailable: undefined,
	serving,
};
const revoked: AgentEvent = {
	event: "artifact.revoked",
	at,
	revokedAt: undefined,
	diskCachePurged: undefined,
};

/** Whether the load is over after these events. */
async function isDoneAfter(...events: readonly AgentEvent[]) {
	const load = new FirstLoad();
	const passedOn: AgentEvent[] = [];
	let isDone = false;
	void load.done.then(() => {
		isDone = true;
	});
	const sink = load.watching((event) => passedOn.push(event));
	for (const event of events) sink(event);
	await settle();
	expect(passedOn).toEqual(events);
	return { isDone, failure: load.failure };
}

it("is not over while refreshes fail, and knows how the last one did", async () => {
	expect(await isDoneAfter(failed)).toMatchObject({
		isDone: false,
		failure: { code: "SOURCE_TIMEOUT", error: "Late." },
	});
});

it("is over with a revocation, after which there is nothing to wait for", async () => {
	expect(await isDoneAfter(failed, revoked)).toMatchObject({ isDone: true });
});

it("needs nobody to pass events on to", async () => {
	const load = new FirstLoad();
	load.watching(undefined)(revoked);
	await expect(load.done).resolves.toBeUndefined();
});
