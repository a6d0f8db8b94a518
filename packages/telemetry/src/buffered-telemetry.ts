import { type AgentReport, type Clock, systemClock } from "@clef-sh/core";
import { Delivery, undeliverable } from "./delivery.js";
import { Departure } from "./departure.js";
import { Drops } from "./drops.js";
import { isLogged } from "./log-record.js";
import type { Pipeline, PipelineOptions } from "./pipeline.js";
import { readSettings, type Settings } from "./settings.js";
import type { HandledRequest, Telemetry, TelemetryOptions } from "./telemetry.js";

/** From the first refresh until OpenTelemetry is loaded: clients that waited for it are answered meanwhile. */
const LOAD_AFTER_REFRESH_MS = 50;
/** From the start, where a source takes longer, or nobody tells of refreshes. */
const LOAD_AFTER_MS = 2000;

/** What was told before there was a pipeline; each of them bounded by the size of the queue. */
interface Kept {
	readonly events: AgentReport[];
	readonly requests: HandledRequest[];
}

/** Loads what makes pipelines. */
export type LoadPipeline = () => Promise<{
	readonly createPipeline: (options: PipelineOptions) => Pipeline;
}>;

/**
 * Keeps what it is told until a pipeline is loaded, and passes it on from then on.
 *
 * OpenTelemetry takes a fifth of the time of a start, so it is loaded after the first refresh, whether that was good or
 * not, or when something is wanted of it.
 */
export class BufferedTelemetry implements Telemetry {
	readonly #clock: Clock;
	readonly #settings: Settings;
	readonly #drops = new Drops();
	readonly #departure: Departure;
	readonly #load: (() => Promise<Pipeline | undefined>) | undefined;
	#loading: Promise<Pipeline | undefined> | undefined;
	#loaded: Pipeline | undefined;
	#cancelLoading: () => void = () => undefined;
	#hasRefreshed = false;
	/** Undefined when nothing is kept any more. */
	#kept: Kept | undefined = { events: [], requests: [] };
	#closing: Promise<void> | undefined;

	constructor(options: TelemetryOptions, load: LoadPipeline) {
		const tell = guarded(options.onProblem);
		this.#clock = options.clock ?? systemClock();
		this.#settings = readSettings(options);
		const { enabled, problems, signals } = this.#settings;
		const isSent = enabled && Object.keys(signals).length > 0;
		const isWanted = isSent || (enabled && options.prometheus === true);
		this.#departure = new Departure({
			// Reading them may take a decryption.
			secrets: isSent ? async () => options.secrets() : undefined,
			clock: this.#clock,
			tell,
		});
		if (enabled) for (const problem of problems) tell(problem);
		if (isWanted) {
			this.#load = () => this.#make(load, options, tell);
			this.#loadAfter(LOAD_AFTER_MS);
		} else this.#doWithout();
	}

	get dropped(): number {
		return this.#drops.count;
	}

	readonly write = (event: AgentReport): void => {
		this.#safely(() => {
			const isOver = this.#kept === undefined && this.#loaded === undefined;
			if (isOver || this.#closing !== undefined) return this.#lose(event);
			this.#departure.observe(event);
			if (this.#loaded !== undefined) this.#loaded.write(event);
			else this.#keep(event);
		});
	};

	readonly request = (request: HandledRequest): void => {
		try {
			if (this.#loaded !== undefined) this.#loaded.request(request);
			else this.#keepRequest(request);
		} catch {
			// As for events; written out because it is on the way of every answer.
			this.#drops.add(1);
		}
	};

	async metrics(): Promise<string> {
		const pipeline = await this.#pipeline();
		return pipeline === undefined ? "" : pipeline.metrics();
	}

	async flush(deadlineMs: number): Promise<void> {
		await this.#within(
			deadlineMs,
			this.#pipeline().then((pipeline) => pipeline?.flush()),
		);
	}

	close(deadlineMs: number): Promise<void> {
		this.#closing ??= this.#close(deadlineMs);
		return this.#closing;
	}

	/** OpenTelemetry promises not to throw; were it to, a refresh or an answer must not fail for it. */
	#safely(tell: () => void): void {
		try {
			tell();
		} catch {
			this.#drops.add(1);
		}
	}

	/** What is told to; loaded now, unless it is already. Undefined where there is nobody to tell, and after closing. */
	#pipeline(): Promise<Pipeline | undefined> {
		this.#cancelLoading();
		this.#loading ??= this.#load?.() ?? Promise.resolve(undefined);
		return this.#loading;
	}

	async #make(
		load: LoadPipeline,
		options: TelemetryOptions,
		tell: (sentence: string) => void,
	): Promise<Pipeline | undefined> {
		try {
			const { createPipeline } = await load();
			// Closed meanwhile.
			if (this.#kept === undefined) return undefined;
			const pipeline = createPipeline(this.#pipelineOptions(options, tell));
			for (const event of this.#kept.events) pipeline.write(event);
			for (const request of this.#kept.requests) pipeline.request(request);
			this.#kept = undefined;
			this.#loaded = pipeline;
			return pipeline;
		} catch {
			tell(undeliverable("OpenTelemetry cannot be loaded"));
			this.#dropKept();
			return undefined;
		}
	}

	#doWithout(): void {
		this.#kept = undefined;
		this.#departure.open();
	}

	#pipelineOptions(options: TelemetryOptions, tell: (sentence: string) => void): PipelineOptions {
		const { instanceId, identity, environment, serviceVersion, observe } = options;
		return {
			settings: this.#settings,
			serviceVersion,
			resource: {
				"service.name": "clef-agent",
				"service.version": serviceVersion,
				"service.instance.id": instanceId,
				"clef.agent.id": instanceId,
				...(identity !== undefined && { "clef.identity": identity }),
				...(environment !== undefined && { "clef.environment": environment }),
			},
			sourceKind: this.#departure.sourceKind,
			headers: () => this.#departure.headers,
			observe,
			drops: this.#drops,
			delivery: new Delivery(tell),
			fetch: options.fetch ?? ((input, init) => fetch(input, init)),
			clock: this.#clock,
			random: options.random ?? Math.random,
			prometheus: options.prometheus === true,
		};
	}

	#keep(event: AgentReport): void {
		if (this.#kept !== undefined && this.#hasRoom(this.#kept.events)) this.#kept.events.push(event);
		else this.#lose(event);
		if (event.event !== "refresh.finished" || this.#hasRefreshed) return;
		this.#hasRefreshed = true;
		this.#loadAfter(LOAD_AFTER_REFRESH_MS);
	}

	#loadAfter(ms: number): void {
		this.#cancelLoading();
		if (this.#loading !== undefined) return;
		this.#cancelLoading = this.#clock.setTimeout(() => void this.#pipeline(), ms);
	}

	#keepRequest(request: HandledRequest): void {
		if (this.#kept !== undefined && this.#hasRoom(this.#kept.requests))
			this.#kept.requests.push(copyOf(request));
	}

	#hasRoom(kept: readonly unknown[]): boolean {
		return kept.length < this.#settings.logBatches.maxQueueSize;
	}

	#dropKept(): void {
		for (const event of this.#kept?.events ?? []) this.#lose(event);
		this.#kept = undefined;
	}

	#lose(event: AgentReport): void {
		const { enabled, signals } = this.#settings;
		if (enabled && signals.logs !== undefined && isLogged(event)) this.#drops.add(1);
	}

	async #close(deadlineMs: number): Promise<void> {
		// What still waits for headers would wait beyond the end; a collector may take it without.
		this.#departure.open();
		await this.#within(
			deadlineMs,
			this.#pipeline().then((pipeline) => pipeline?.close()),
		);
		this.#dropKept();
		this.#loaded?.giveUp();
	}

	async #within(deadlineMs: number, work: Promise<void> | undefined): Promise<void> {
		let cancel: () => void = () => undefined;
		const deadline = new Promise<void>((resolve) => {
			cancel = this.#clock.setTimeout(resolve, deadlineMs);
		});
		await Promise.race([work, deadline]);
		cancel();
	}
}

/** What is told may be worked out when it is asked for, and hold on to more than it says. */
function copyOf(request: HandledRequest): HandledRequest {
	const { durationMs, method, route, startedAt, status, traceparent, tracestate } = request;
	return { durationMs, method, route, startedAt, status, traceparent, tracestate };
}

/** A sink that throws is the application's fault, and must not cost it its telemetry. */
function guarded(tell: (sentence: string) => void): (sentence: string) => void {
	return (sentence) => {
		try {
			tell(sentence);
		} catch (cause) {
			process.emitWarning("The onProblem sink of clef telemetry threw.", {
				code: "CLEF_PROBLEM_SINK",
				detail: cause instanceof Error ? cause.name : typeof cause,
			});
		}
	};
}
