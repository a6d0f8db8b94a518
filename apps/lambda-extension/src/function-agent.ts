import type { Agent, AgentStatus, OpenSecrets } from "@clef-sh/core";
import type { RoutedAgent } from "@clef-sh/router";

/** How long a request of the function waits for a refresh that may bring it something newer. */
const REFRESH_WAIT_MS = 1_000;

/**
 * The agent as function code meets it: a request that is early or late in the life of an environment waits for the
 * refresh that it falls into, instead of being told that nothing is loaded or getting what was held before a freeze.
 */
export class FunctionAgent implements RoutedAgent {
	readonly #agent: Agent;
	readonly #after: (ms: number) => Promise<void>;
	/** Resolves with the first load, or when its time is over. */
	#initial: Promise<void> | undefined;
	#isLoaded = false;

	constructor(agent: Agent, initial: Promise<void>, after: (ms: number) => Promise<void>) {
		this.#agent = agent;
		this.#after = after;
		this.#initial = initial;
	}

	async open(): Promise<OpenSecrets> {
		if (this.#initial !== undefined) {
			await this.#initial;
			this.#initial = undefined;
		}
		// What is stale, the agent refreshes itself before it opens.
		if (this.#agent.mode === "jit" || !this.#isLoaded) await this.#freshened();
		const opened = await this.#agent.open();
		this.#isLoaded = true;
		return opened;
	}

	status(): AgentStatus {
		return this.#agent.status();
	}

	async #freshened(): Promise<void> {
		const refresh = this.#agent.refreshIfDue();
		if (refresh !== undefined) await Promise.race([refresh, this.#after(REFRESH_WAIT_MS)]);
	}
}
