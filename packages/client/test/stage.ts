import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { FakeAgent, type FakeAgentOptions, TOKEN } from "@clef-sh/testkit/fake-agent";
import { expect, onTestFinished } from "vitest";
import {
	type AgentState,
	type Change,
	type Client,
	ClientError,
	type ClientOptions,
	createClient,
} from "../src/index.js";

/** An agent to talk to, stopped when the test ends. */
export async function startAgent(options?: FakeAgentOptions, port?: number): Promise<FakeAgent> {
	const agent = await FakeAgent.start(options, port);
	onTestFinished(() => agent.close());
	return agent;
}

/** A client with a clock that a test moves, and waits that are never shortened. */
export function clientOf(
	agent: { readonly url: string },
	options: ClientOptions = {},
): { client: Client; clock: ManualClock } {
	const clock = new ManualClock();
	const client = createClient({ url: agent.url, token: TOKEN, env: {}, clock, random: () => 1, ...options });
	return { client, clock };
}

/** Waits, turn by turn, until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a timer of this length is the next, and lets that time pass. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
	await until(() => clock.nextTimerMs === ms);
	await clock.advance(ms);
}

/** A watch, and everything it has reported. */
export interface Watching {
	readonly changes: Change[];
	readonly states: AgentState[];
	readonly errors: ClientError[];
	readonly ended: Promise<void>;
	readonly stop: () => void;
}

/** Watches until the test ends, which must not leave a timer behind. */
export function watching(client: Client, clock: ManualClock): Watching {
	const [changes, states, errors]: [Change[], AgentState[], ClientError[]] = [[], [], []];
	const controller = new AbortController();
	const ended = client.watch((change) => changes.push(change), {
		signal: controller.signal,
		onState: (state) => states.push(state),
		onError: (error) => errors.push(error),
	});
	const stop = (): void => controller.abort();
	onTestFinished(async () => {
		stop();
		await ended;
		await settle();
		expect(clock.pendingTimers).toBe(0);
	});
	return { changes, states, errors, ended, stop };
}

/** The error a promise rejects with, which must be one of ours and hold no secret. */
export async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
	const outcome = await promise.then(
		(value) => ({ value }),
		(error: unknown) => ({ error }),
	);
	if (!("error" in outcome) || !(outcome.error instanceof ClientError))
		throw new RangeError(`not a ClientError: ${JSON.stringify(outcome)}`);
	const { error } = outcome;
	expect(JSON.stringify([error.message, error.stack, error.cause ?? ""])).not.toContain(TOKEN);
	return error;
}
