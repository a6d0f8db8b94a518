import type { AgentReport, RefreshFinished } from "@clef-sh/core";
import {
	type Attributes,
	type Context,
	ROOT_CONTEXT,
	SpanKind,
	SpanStatusCode,
	type Tracer,
	trace,
} from "@opentelemetry/api";
import { millisToHrTime, parseTraceParent, TraceState } from "@opentelemetry/core";
import {
	JsonTraceSerializer,
	ProtobufTraceSerializer,
	TraceExporterMetricsHelper,
} from "@opentelemetry/otlp-transformer";
import type { Resource } from "@opentelemetry/resources";
import {
	BatchSpanProcessor,
	ParentBasedSampler,
	TraceIdRatioBasedSampler,
	TracerProvider,
} from "@opentelemetry/sdk-trace";
import { httpMethod } from "../http-method.js";
import type { PipelineOptions } from "../pipeline.js";
import { sourceKind } from "../source-kind.js";
import type { HandledRequest } from "../telemetry.js";
import type { Connections } from "./connections.js";

/** Spans on their way out. */
export interface Spans {
	write(event: AgentReport): void;
	request(request: HandledRequest): void;
	flush(): Promise<void>;
	close(): Promise<void>;
}

const ENCODING = {
	protobuf: ProtobufTraceSerializer,
	json: JsonTraceSerializer,
	counting: TraceExporterMetricsHelper,
};

/** Undefined when spans go nowhere. */
export function createSpans(
	{ serviceVersion, settings }: PipelineOptions,
	resource: Resource,
	connections: Connections,
): Spans | undefined {
	const to = settings.signals.traces;
	if (to === undefined) return undefined;
	const { exportTimeoutMs, maxExportBatchSize, maxQueueSize, scheduledDelayMs } = settings.spanBatches;
	const batches = new BatchSpanProcessor({
		exporter: connections.exporter("traces", to, ENCODING),
		maxQueueSize,
		maxExportBatchSize,
		scheduledDelayMillis: scheduledDelayMs,
		exportTimeoutMillis: exportTimeoutMs,
	});
	const { followsCaller, ratio } = settings.sampling;
	const root = new TraceIdRatioBasedSampler(ratio);
	const sampler = followsCaller ? new ParentBasedSampler({ root }) : root;
	const provider = new TracerProvider({ resource, sampler, spanProcessors: [batches] });
	const recorder = new SpanRecorder(provider.getTracer("@clef-sh/telemetry", serviceVersion));
	return {
		write: (event) => recorder.write(event),
		request: (request) => recorder.request(request),
		flush: () => provider.forceFlush(),
		close: () => provider.shutdown(),
	};
}

interface Finished {
	readonly name: string;
	readonly kind: SpanKind;
	readonly startedAt: number;
	readonly durationMs: number;
	readonly attributes: Attributes;
	readonly failed: boolean;
}

class SpanRecorder {
	readonly #tracer: Tracer;
	#sourceType: Attributes = {};

	constructor(tracer: Tracer) {
		this.#tracer = tracer;
	}

	write(event: AgentReport): void {
		if (event.event === "agent.started") {
			this.#sourceType = { "clef.source.type": sourceKind(event.sourceType) };
		} else if (event.event === "refresh.finished") this.#refresh(event);
	}

	request(request: HandledRequest): void {
		const { durationMs, method, route, startedAt, status } = request;
		const attributes = {
			...(route !== undefined && { "http.route": route }),
			"http.request.method": httpMethod(method),
			"http.response.status_code": status,
		};
		const name = route === undefined ? httpMethod(method) : `${httpMethod(method)} ${route}`;
		const failed = status >= 500;
		this.#record(
			{ name, kind: SpanKind.SERVER, startedAt, durationMs, attributes, failed },
			callersContext(request),
		);
	}

	#refresh({ code, durationMs, outcome, startedAt, steps }: RefreshFinished): void {
		const context = this.#record(
			{
				...{ name: "clef.refresh", kind: SpanKind.INTERNAL, startedAt, durationMs },
				attributes: { ...this.#sourceType, "clef.refresh.outcome": outcome, ...errorType(code) },
				failed: code !== undefined,
			},
			ROOT_CONTEXT,
		);
		for (const step of steps) {
			this.#record(
				{
					...{ name: `clef.refresh.${step.name}`, kind: SpanKind.INTERNAL },
					...{ startedAt: step.startedAt, durationMs: step.durationMs },
					attributes: errorType(step.code),
					failed: step.code !== undefined,
				},
				context,
			);
		}
	}

	/** Returns the context that children of the span belong to. */
	#record({ durationMs, failed, name, startedAt, ...options }: Finished, parent: Context): Context {
		const span = this.#tracer.startSpan(name, { ...options, startTime: millisToHrTime(startedAt) }, parent);
		if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
		span.end(millisToHrTime(startedAt + durationMs));
		return trace.setSpan(parent, span);
	}
}

function errorType(code: string | undefined): Attributes {
	return code === undefined ? {} : { "error.type": code };
}

/** A trace context that is not valid is as good as none (W3C Trace Context, 4.3). */
function callersContext({
	traceparent,
	tracestate,
}: Pick<HandledRequest, "traceparent" | "tracestate">): Context {
	const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
	if (parent === null) return ROOT_CONTEXT;
	const traceState = tracestate === undefined ? {} : { traceState: new TraceState(tracestate) };
	return trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true, ...traceState });
}
