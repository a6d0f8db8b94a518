import type { AgentEvent, ErrorCode } from "@clef-sh/core";

/** Why there was no first load yet. */
export interface LoadFailure {
	readonly code: ErrorCode;
	/** One sentence. */
	readonly error: string;
}

type Sink = (event: AgentEvent) => void;

const LOADS: ReadonlySet<string> = new Set<AgentEvent["event"]>([
	"artifact.refreshed",
	"artifact.restored",
	// Nothing will be loaded for now, and that is known.
	"artifact.revoked",
]);

/** Learns from an agent's events that its first load is over. */
export class FirstLoad {
	/** Resolves once the agent holds an artifact, or knows that it was revoked. */
	readonly done: Promise<void>;
	readonly #resolve: () => void;
	#failure: LoadFailure | undefined;

	constructor() {
		let resolve: () => void = () => undefined;
		this.done = new Promise((settle) => {
			resolve = settle;
		});
		this.#resolve = resolve;
	}

	/** The latest failure of a refresh. */
	get failure(): LoadFailure | undefined {
		return this.#failure;
	}

	/** A sink that listens, and passes every event on. */
	watching(sink: Sink | undefined): Sink {
		return (event) => {
			sink?.(event);
			if (LOADS.has(event.event)) this.#resolve();
			if (event.event === "fetch.failed" || event.event === "artifact.invalid") this.#failure = event;
		};
	}
}
