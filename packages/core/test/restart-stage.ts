import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { promptFiles } from "@clef-sh/testkit/prompt-files";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import {
	type Agent,
	type AgentEvent,
	type AgentOptions,
	type CacheFiles,
	createAgent,
	SourceError,
} from "../src/index.js";
import { temporaryFolder } from "./temporary-folder.js";

/** One agent after another over the same directory, source and wall clock, as restarts make them. */
export class RestartStage {
	readonly source: ScriptedSource;
	readonly cachePath: string = temporaryFolder();
	events: AgentEvent[] = [];
	clock: ManualClock = new ManualClock();
	readonly #options: Partial<AgentOptions>;

	constructor(body: Uint8Array, options: Partial<AgentOptions> = {}) {
		this.source = new ScriptedSource(body);
		this.#options = options;
	}

	/** Starts the next agent, its clocks as a new process finds them, and waits for its first refresh. */
	async start(options: Partial<AgentOptions> = {}): Promise<Agent> {
		this.events = [];
		this.clock = new ManualClock(this.clock.now());
		const agent = await createAgent({
			source: this.source,
			clock: this.clock,
			decryptor: { ageIdentities: vectorKeys.ageSecretKey },
			verifyKeys: vectorKeys.ed25519PublicKey,
			firstLoad: "background",
			random: () => 0.5,
			cachePath: this.cachePath,
			cacheFiles: promptFiles as unknown as CacheFiles,
			...this.#options,
			...options,
			onEvent: (event) => this.events.push(event),
		});
		await agent.refresh();
		await settle();
		return agent;
	}

	/** The source answers nothing from now on. */
	goDown(): void {
		this.source.failWith(new SourceError("SOURCE_UNREACHABLE", "Down.", { retryable: true }));
	}

	/** The names of the events of the running agent. */
	get names(): string[] {
		return this.events.map(({ event }) => event);
	}
}
