import type { AgentReport, Clock, Secrets } from "@clef-sh/core";
import { readPackedHeaders } from "./packed-headers.js";
import { sourceKind } from "./source-kind.js";

/** A source that has delivered nothing by then is down, and its trouble is told without headers. */
const LONGEST_WAIT_MS = 30_000;

/** What a {@link Departure} is made from. */
export interface DepartureOptions {
	/** Undefined when nothing is sent, so that there is no header to wait for. */
	readonly secrets: (() => Promise<Secrets | undefined>) | undefined;
	readonly clock: Clock;
	readonly tell: (sentence: string) => void;
}

/**
 * Holds telemetry back until the headers in the packed secrets are known, or it is plain that there are none to come;
 * and reads them again whenever the secrets change.
 */
export class Departure {
	/** `clef.source.type`; settles when telemetry may leave. */
	readonly sourceKind: Promise<string | undefined>;
	readonly #options: DepartureOptions;
	readonly #leave: (kind: string | undefined) => void;
	readonly #stopWaiting: () => void;
	#kind: string | undefined;
	#headers: Readonly<Record<string, string>> = {};
	#said: readonly string[] = [];
	#readings = 0;
	#isUnread = false;

	constructor(options: DepartureOptions) {
		this.#options = options;
		let leave: (kind: string | undefined) => void = () => undefined;
		this.sourceKind = new Promise((resolve) => {
			leave = resolve;
		});
		this.#leave = leave;
		this.#stopWaiting = options.clock.setTimeout(() => this.open(), LONGEST_WAIT_MS);
	}

	/** From the packed secrets, as they were read last. */
	get headers(): Readonly<Record<string, string>> {
		return this.#headers;
	}

	/** Learns from an event what is to be sent with, and when. */
	observe(event: AgentReport): void {
		const { secrets } = this.#options;
		if (event.event === "agent.started") this.#kind = sourceKind(event.sourceType);
		if (secrets === undefined) {
			if (this.#kind !== undefined) this.open();
			return;
		}
		const isNewRevision = event.event === "artifact.refreshed" || event.event === "artifact.restored";
		if (isNewRevision || (this.#isUnread && isGoodNews(event))) void this.#read(secrets);
	}

	/** Lets telemetry go with the headers there are. */
	open(): void {
		this.#stopWaiting();
		this.#leave(this.#kind);
	}

	async #read(read: () => Promise<Secrets | undefined>): Promise<void> {
		this.#readings += 1;
		const reading = this.#readings;
		const secrets = await read().catch(() => "unreadable" as const);
		// A later revision may have been read sooner.
		if (reading !== this.#readings) return;
		this.#isUnread = secrets === "unreadable" || secrets === undefined;
		if (secrets === "unreadable" || secrets === undefined) return;
		const { headers, problems } = readPackedHeaders(secrets);
		this.#headers = headers;
		for (const problem of problems) if (!this.#said.includes(problem)) this.#options.tell(problem);
		this.#said = problems;
		this.open();
	}
}

/** What could not be read, because it was stale or its decryption failed, may be readable now. */
function isGoodNews(event: AgentReport): boolean {
	if (event.event === "agent.recovered") return true;
	return (
		event.event === "refresh.finished" && (event.outcome === "replaced" || event.outcome === "confirmed")
	);
}
