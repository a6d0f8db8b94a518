import type { Agent, AgentStatus, OpenSecrets, RefreshOutcome } from "@clef-sh/core";
import type { RoutedAgent } from "@clef-sh/router";
import type { LambdaClock } from "./lambda-clock.js";

/** What a {@link FunctionAgent} is made of. */
export interface FunctionAgentParts {
	readonly agent: Agent;
	readonly clock: LambdaClock;
	/** Resolves with the first load, or when its time is over. */
	readonly initial: Promise<void>;
	/** Whether the environment is snapshotted after Init, and everything later happens in copies of it. */
	readonly isSnapshot: boolean;
	/** Longest time to serve without a successful refresh. */
	readonly staleAfterMs: number;
	readonly after: (ms: number) => Promise<void>;
}

/** How long a request of the function waits for a refresh that may bring it something newer. */
const REFRESH_WAIT_MS = 1_000;
/** A connection is given up when the process was frozen for as long as this while it was in use. */
const FROZEN_MS = 5_000;

/**
 * The agent as function code meets it: a request that is early or late in the life of an environment waits for the
 * refresh that it falls into, instead of being told that nothing is loaded or getting what was held before a freeze.
 */
export class FunctionAgent implements RoutedAgent {
	readonly #parts: FunctionAgentParts;
	#initial: Promise<void> | undefined;
	#isLoaded = false;
	#isSnapshot: boolean;
	/** Since when Lambda may have frozen the process; undefined while it may not. */
	#restingSinceMs: number | undefined;

	constructor(parts: FunctionAgentParts) {
		this.#parts = parts;
		this.#initial = parts.initial;
		this.#isSnapshot = parts.isSnapshot;
	}

	async open(): Promise<OpenSecrets> {
		const { agent } = this.#parts;
		if (this.#initial !== undefined) {
			await this.#initial;
			this.#initial = undefined;
		}
		// A request may overtake the event of its own invocation.
		const woken = this.wake();
		// What is stale, the agent refreshes itself before it opens.
		if (agent.mode === "jit" || !this.#isLoaded) await this.#bounded(woken ?? agent.refreshIfDue());
		const opened = await agent.open();
		this.#isLoaded = true;
		return opened;
	}

	/** Never: each request may have to wait for the refresh it falls into. */
	openNow(): undefined {
		return undefined;
	}

	status(): AgentStatus {
		return this.#parts.agent.status();
	}

	/** From now on Lambda may freeze the process. */
	rest(): void {
		this.#restingSinceMs = this.#parts.clock.monotonic();
	}

	/** The process runs again: the refresh that follows from that, if any. */
	wake(): Promise<RefreshOutcome> | undefined {
		const { agent, clock, staleAfterMs } = this.#parts;
		if (this.#restingSinceMs === undefined) return undefined;
		if (this.#isSnapshot) {
			// How old a snapshot is, no clock in it can tell: nothing in it counts as fresh.
			this.#isSnapshot = false;
			clock.age(staleAfterMs);
		}
		const restedMs = clock.monotonic() - this.#restingSinceMs;
		this.#restingSinceMs = undefined;
		return restedMs >= FROZEN_MS ? agent.resumed() : agent.refreshIfDue();
	}

	async #bounded(refresh: Promise<RefreshOutcome> | undefined): Promise<void> {
		if (refresh !== undefined) await Promise.race([refresh, this.#parts.after(REFRESH_WAIT_MS)]);
	}
}
