import type { AgentStatus, Clock } from "@clef-sh/core";
import { NotificationQueue, type Notify } from "./notification-queue.js";
import { printable } from "./printable.js";

/** What it takes to report to a service manager. */
export interface ServiceManagerParts {
	readonly notify: Notify;
	readonly clock: Pick<Clock, "setTimeout">;
	/** Reads the operating system's monotonic clock, which the manager compares with its own. */
	readonly monotonicMicroseconds: () => bigint;
	/** How often it wants a sign of life; undefined when it wants none. */
	readonly watchdogMs: number | undefined;
	/** Told the first failure to report. */
	readonly onFailure: (error: unknown) => void;
}

/** How often the manager is told that the start goes on, and for how long it shall believe that. */
const START_PULSE_MS = 20_000;
const START_EXTENSION = "EXTEND_TIMEOUT_USEC=60000000";
/** A revision can be long, and status texts are read in one line. */
const LONGEST_STATUS = 120;

/**
 * Reports to a service manager that speaks systemd's notification protocol (decision 0011).
 *
 * Ready means that secrets can be had. Signs of life come from a timer of the event loop that serves them: a loop
 * that hangs gives none.
 */
export class ServiceManager {
	readonly #parts: ServiceManagerParts;
	readonly #queue: NotificationQueue;
	#cancelPulse: (() => void) | undefined;
	#isStarted = false;
	#isReady = false;
	#isStopping = false;
	#status: string | undefined;
	#reloads = 0;

	constructor(parts: ServiceManagerParts) {
		this.#parts = parts;
		this.#queue = new NotificationQueue(parts);
	}

	/** The agent listens; from now on there are signs of life. */
	started(status: AgentStatus): void {
		this.#isStarted = true;
		this.observe(status);
		if (!this.#isReady) this.#pulse();
	}

	/** Tells what is new; the first `ready` of an agent that listens ends the start. */
	observe(status: AgentStatus): void {
		if (!this.#isStarted || this.#isStopping) return;
		this.#tell(statusText(status));
		if (this.#isReady || status.state !== "ready") return;
		this.#isReady = true;
		this.#queue.state(["READY=1"], { supersedes: false });
		this.#pulse();
	}

	/** The agent refreshes because it was told to, until `done`, which never rejects. Before it is ready, that is no news. */
	reloading(done: Promise<unknown>): void {
		if (!this.#isReady || this.#isStopping) return;
		this.#reloads += 1;
		const reload = this.#reloads;
		const stamp = `MONOTONIC_USEC=${this.#parts.monotonicMicroseconds()}`;
		// An earlier reload has not ended for the manager before this one has.
		this.#queue.state(["RELOADING=1", stamp], { supersedes: true });
		void done.then(() => {
			if (reload === this.#reloads && !this.#isStopping)
				this.#queue.state(["READY=1"], { supersedes: false });
		});
	}

	/** The agent stops: a last status, and no sign of life any more. */
	stopping(): void {
		if (this.#isStopping) return;
		this.#isStopping = true;
		this.#cancelPulse?.();
		this.#tell("stopping");
		this.#queue.state(["STOPPING=1"], { supersedes: true });
	}

	/** Resolves when everything was told, or has failed to be. */
	async close(): Promise<void> {
		this.#isStopping = true;
		this.#cancelPulse?.();
		await this.#queue.settled();
		this.#queue.close();
	}

	#tell(text: string): void {
		if (text === this.#status) return;
		this.#status = text;
		this.#queue.status(text);
	}

	/** While it starts the manager is asked for patience; afterwards its watchdog is fed, if there is one. */
	#pulse(): void {
		this.#cancelPulse?.();
		const { clock, watchdogMs } = this.#parts;
		const everyMs = this.#isReady ? watchdogMs : START_PULSE_MS;
		if (everyMs === undefined) return;
		this.#queue.pulse(this.#isReady ? "WATCHDOG=1" : START_EXTENSION);
		this.#cancelPulse = clock.setTimeout(() => this.#pulse(), everyMs);
	}
}

/** A line of text that steers nothing: a line break would begin another assignment. */
function statusText({ lastError, revision, state }: AgentStatus): string {
	const failure = lastError === null ? "" : lastError.code;
	if (state !== "ready") return [state.replaceAll("_", " "), failure].filter(Boolean).join(": ");
	const serving = printable(`serving revision ${revision}`).slice(0, LONGEST_STATUS);
	return failure === "" ? serving : `${serving}; last failure: ${failure}`;
}
