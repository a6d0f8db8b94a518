import type { AgentReport } from "@clef-sh/core";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
	JsonMetricsSerializer,
	MetricsExporterMetricsHelper,
	ProtobufMetricsSerializer,
} from "@opentelemetry/otlp-transformer";
import type { Resource } from "@opentelemetry/resources";
import {
	AggregationTemporality,
	InstrumentType,
	MeterProvider,
	type MetricData,
	MetricReader,
	PeriodicExportingMetricReader,
	type PushMetricExporter,
	type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { PipelineOptions } from "../pipeline.js";
import type { Settings } from "../settings.js";
import type { HandledRequest } from "../telemetry.js";
import type { Connections } from "./connections.js";
import { Instruments } from "./instruments.js";
import { RequestDurations } from "./request-durations.js";

/** Measurements, pushed, pulled or both. */
export interface Metrics {
	write(event: AgentReport): void;
	request(request: HandledRequest): void;
	/** Prometheus text; empty when nobody asked for it at construction, and after closing. */
	text(): Promise<string>;
	close(): Promise<void>;
}

const ENCODING = {
	protobuf: ProtobufMetricsSerializer,
	json: JsonMetricsSerializer,
	counting: MetricsExporterMetricsHelper,
};

/** Makes the instruments, and the readers that are wanted. */
export function createMetrics(
	options: PipelineOptions,
	resource: Resource,
	connections: Connections,
): Metrics {
	const scope = { name: "@clef-sh/telemetry", version: options.serviceVersion };
	const durations = new RequestDurations(scope);
	const pulled = options.prometheus
		? new PulledReader({ metricProducers: [durations.producer(AggregationTemporality.CUMULATIVE)] })
		: undefined;
	const pushed = pushedReader(options, connections, durations);
	const readers = [pulled, pushed].filter((reader) => reader !== undefined);
	const provider = new MeterProvider({ resource, readers });
	const instruments = new Instruments(provider.getMeter(scope.name, scope.version), options);
	let isClosed = false;
	const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
	return {
		write: (event) => instruments.write(event),
		request: (request) => durations.record(request),
		text: async () => {
			if (pulled === undefined || isClosed) return "";
			const { resourceMetrics } = await pulled.collect();
			return serializer.serialize(withUnitSuffixes(resourceMetrics));
		},
		close: () => {
			// A reader that was shut down throws when it is asked.
			isClosed = true;
			return provider.shutdown();
		},
	};
}

/**
 * Names that end with their unit, as OpenTelemetry's specification of the Prometheus form wants and its serializer
 * does not do.
 */
function withUnitSuffixes({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
	const named = <M extends MetricData>(metric: M): M => {
		const { name, unit } = metric.descriptor;
		// Without a unit, because a line for that belongs to another format.
		const descriptor = { ...metric.descriptor, name: unit === "s" ? `${name}.seconds` : name, unit: "" };
		return { ...metric, descriptor };
	};
	return {
		resource,
		scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(named) })),
	};
}

function pushedReader(
	{ settings }: PipelineOptions,
	connections: Connections,
	durations: RequestDurations,
): PeriodicExportingMetricReader | undefined {
	const to = settings.signals.metrics;
	if (to === undefined) return undefined;
	const inner = connections.exporter("metrics", to, ENCODING);
	const exporter: PushMetricExporter = {
		export: (metrics, done) => inner.export(metrics, done),
		forceFlush: () => inner.forceFlush(),
		shutdown: () => inner.shutdown(),
		selectAggregationTemporality: (type) => temporalityOf(type, settings.temporality),
	};
	const temporality = temporalityOf(InstrumentType.HISTOGRAM, settings.temporality);
	return new PeriodicExportingMetricReader({
		exporter,
		metricProducers: [durations.producer(temporality)],
		exportIntervalMillis: settings.metricIntervalMs,
		exportTimeoutMillis: settings.metricTimeoutMs,
	});
}

/** As the specification of the OTLP exporter has it. */
function temporalityOf(type: InstrumentType, preference: Settings["temporality"]): AggregationTemporality {
	const isSynchronousSum = type === InstrumentType.COUNTER || type === InstrumentType.HISTOGRAM;
	const isDelta =
		(preference !== "cumulative" && isSynchronousSum) ||
		(preference === "delta" && type === InstrumentType.OBSERVABLE_COUNTER);
	return isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
}

/** Collects when it is asked to, and never by itself. */
class PulledReader extends MetricReader {
	protected override async onForceFlush(): Promise<void> {
		// Nothing is held that could be sent.
	}

	protected override async onShutdown(): Promise<void> {
		// Nothing is open that could be closed.
	}
}
