import { type AgentReport, type Clock, systemClock } from "@clef-sh/core";
import { Delivery, undeliverable } from "./delivery.js";
import { Departure } from "./departure.js";
import { Drops } from "./drops.js";
import { isLogged } from "./log-record.js";
import type { Pipeline, PipelineOptions } from "./pipeline.js";
import { readSettings, type Settings } from "./settings.js";
import type { HandledRequest, Telemetry, TelemetryOptions } from "./telemetry.js";

type Kept = { readonly event: AgentReport } | { readonly request: HandledRequest };

/** Loads what makes pipelines. */
export type LoadPipeline = () => Promise<{
	readonly createPipeline: (options: PipelineOptions) => Pipeline;
}>;

/** Keeps what it is told until a pipeline is loaded, and passes it on from then on. */
export class BufferedTelemetry implements Telemetry {
	readonly #clock: Clock;
	readonly #settings: Settings;
	readonly #drops = new Drops();
	readonly #departure: Departure;
	readonly #pipeline: Promise<Pipeline | undefined>;
	#loaded: Pipeline | undefined;
	/** Undefined when nothing is kept any more. */
	#kept: Kept[] | undefined = [];
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
		this.#pipeline = isWanted ? this.#load(load, options, tell) : this.#doWithout();
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
			else this.#keep({ event });
		});
	};

	readonly request = (request: HandledRequest): void => {
		try {
			if (this.#loaded !== undefined) this.#loaded.request(request);
			else this.#keep({ request: copyOf(request) });
		} catch {
			// As for events; written out because it is on the way of every answer.
			this.#drops.add(1);
		}
	};

	async metrics(): Promise<string> {
		const pipeline = await this.#pipeline;
		return pipeline === undefined ? "" : pipeline.metrics();
	}

	async flush(deadlineMs: number): Promise<void> {
		await this.#within(deadlineMs, this.#loaded?.flush());
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

	async #load(
		load: LoadPipeline,
		options: TelemetryOptions,
		tell: (sentence: string) => void,
	): Promise<Pipeline | undefined> {
		try {
			const { createPipeline } = await load();
			// Closed meanwhile.
			if (this.#kept === undefined) return undefined;
			const pipeline = createPipeline(this.#pipelineOptions(options, tell));
			for (const each of this.#kept) {
				if ("event" in each) pipeline.write(each.event);
				else pipeline.request(each.request);
			}
			this.#kept = undefined;
			this.#loaded = pipeline;
			return pipeline;
		} catch {
			tell(undeliverable("OpenTelemetry cannot be loaded"));
			this.#dropKept();
			return undefined;
		}
	}

	async #doWithout(): Promise<undefined> {
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

	#keep(what: Kept): void {
		const hasRoom = this.#kept !== undefined && this.#kept.length < this.#settings.logBatches.maxQueueSize;
		if (hasRoom) this.#kept?.push(what);
		else if ("event" in what) this.#lose(what.event);
	}

	#dropKept(): void {
		for (const each of this.#kept ?? []) if ("event" in each) this.#lose(each.event);
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
			this.#pipeline.then((pipeline) => pipeline?.close()),
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
