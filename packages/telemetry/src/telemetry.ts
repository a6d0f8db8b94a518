import type { AgentReport, AgentStatus, Clock, Secrets } from "@clef-sh/core";

/** What {@link createTelemetry} takes. */
export interface TelemetryOptions {
	/**
	 * OTLP/HTTP endpoint: a base such as `http://collector:4318`, or a full path that ends in `/v1/logs`. Without it
	 * OpenTelemetry's own `OTEL_EXPORTER_OTLP_*ENDPOINT` variables say where, and a signal that none of them names a
	 * place for is not sent.
	 */
	readonly url?: string | undefined;
	readonly serviceVersion: string;
	/** `clef.agent.id` and `service.instance.id`. */
	readonly instanceId: string;
	readonly identity?: string | undefined;
	readonly environment?: string | undefined;
	/** Where the `OTEL_*` variables are read from. */
	readonly env: Readonly<Record<string, string | undefined>>;
	/** The packed secrets as they are now, for the headers in them; called after each new revision. */
	readonly secrets: () => Promise<Secrets | undefined>;
	/** What the gauges read when metrics are collected. */
	readonly observe: () => Observation;
	/** Told once per trouble, and once when it is over; never a secret. */
	readonly onProblem: (sentence: string) => void;
	/** Whether {@link Telemetry.metrics} has anything to say; false by default. */
	readonly prometheus?: boolean | undefined;
	/** Whether spans are made; by default only when `OTEL_TRACES_EXPORTER` is `otlp`. */
	readonly traces?: boolean | undefined;
	/** How requests leave, through a proxy for instance; Node's own `fetch` by default. */
	readonly fetch?: typeof globalThis.fetch | undefined;
	readonly clock?: Clock | undefined;
	/** In [0, 1); spreads what is tried again. */
	readonly random?: (() => number) | undefined;
}

/** What the gauges show. */
export interface Observation {
	readonly state: AgentStatus["state"];
	/** Since the source last delivered or confirmed what is held; undefined when nothing is. */
	readonly ageSeconds: number | undefined;
	/** Until the held artifact's own end; undefined when it has none. */
	readonly expiresInSeconds: number | undefined;
	/** Longest that `ageSeconds` may get before nothing is served. */
	readonly ttlSeconds: number;
}

/** A request that the agent has answered. */
export interface HandledRequest {
	/** The pattern, such as `/v1/secrets/:key`, never the path: names of secrets are in that. Undefined where none fits. */
	readonly route: string | undefined;
	readonly method: string;
	readonly status: number;
	/** Wall time, epoch milliseconds. */
	readonly startedAt: number;
	readonly durationMs: number;
	/** The caller's W3C trace context, as it came; ignored when it is not valid. */
	readonly traceparent?: string | undefined;
	readonly tracestate?: string | undefined;
}

/** A subscriber to an agent's events. */
export interface Telemetry {
	/** The sink to give to `createAgent`; never throws and never blocks. */
	readonly write: (event: AgentReport) => void;
	/** Never throws and never blocks. */
	readonly request: (request: HandledRequest) => void;
	/** Prometheus text from the same instruments; empty unless asked for at construction, and after closing. */
	metrics(): Promise<string>;
	/** Log records that did not fit, could not be delivered in time or were refused. */
	readonly dropped: number;
	/** Sends the log records and spans that wait, within the deadline; for hosts that stop the process in between. */
	flush(deadlineMs: number): Promise<void>;
	/** Sends what is left within the deadline, then gives up; never rejects. */
	close(deadlineMs: number): Promise<void>;
}
