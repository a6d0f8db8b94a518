import type { OtlpMessage } from "./otlp-messages.js";

/** Names and values as OTLP carried them; 64-bit numbers are numbers. */
export type OtlpAttributes = Readonly<Record<string, unknown>>;

/** A log record with what surrounded it. */
export interface OtlpLogRecord {
	readonly resource: OtlpAttributes;
	readonly scope: string;
	readonly eventName: string | undefined;
	readonly severityNumber: number;
	readonly severityText: string | undefined;
	readonly body: unknown;
	readonly attributes: OtlpAttributes;

	/** Epoch milliseconds. */
	readonly at: number;
}

/** One point of a metric with what surrounded it. */
export interface OtlpPoint {
	readonly resource: OtlpAttributes;
	readonly metric: string;
	readonly unit: string;
	readonly kind: "gauge" | "sum" | "histogram";
	readonly attributes: OtlpAttributes;

	/** Of a gauge or sum; a histogram's sum. */
	readonly value: number;

	/** How many values a histogram took. */
	readonly count: number | undefined;

	/** 1 is delta, 2 cumulative; undefined for gauges. */
	readonly temporality: number | undefined;
}

/** A span with what surrounded it. */
export interface OtlpSpan {
	readonly resource: OtlpAttributes;
	readonly name: string;
	readonly kind: number;
	readonly traceId: string;
	readonly spanId: string;
	readonly parentSpanId: string | undefined;
	readonly traceState: string | undefined;
	readonly attributes: OtlpAttributes;

	/** 2 is an error. */
	readonly status: number;

	/** Epoch milliseconds. */
	readonly startedAt: number;
	readonly endedAt: number;
}

type Json = Readonly<Record<string, unknown>>;

/** The log records of a request. */
export function logRecordsOf(message: OtlpMessage): OtlpLogRecord[] {
	return listOf(message, "resourceLogs").flatMap((outer) =>
		listOf(outer, "scopeLogs").flatMap((scope) =>
			listOf(scope, "logRecords").map((record) => ({
				resource: attributesOf(objectOf(outer, "resource")),
				scope: String(objectOf(scope, "scope").name),
				eventName: textOf(record, "eventName"),
				severityNumber: Number(record.severityNumber),
				severityText: textOf(record, "severityText"),
				body: plain(objectOf(record, "body")),
				attributes: attributesOf(record),
				at: millisecondsOf(record, "timeUnixNano"),
			})),
		),
	);
}

/** The points of all metrics of a request. */
export function pointsOf(message: OtlpMessage): OtlpPoint[] {
	return listOf(message, "resourceMetrics").flatMap((outer) =>
		listOf(outer, "scopeMetrics").flatMap((scope) =>
			listOf(scope, "metrics").flatMap((metric) => {
				const kind = (["gauge", "sum", "histogram"] as const).find((name) => name in metric) ?? "gauge";
				const data = objectOf(metric, kind);
				return listOf(data, "dataPoints").map((point) => ({
					resource: attributesOf(objectOf(outer, "resource")),
					metric: String(metric.name),
					unit: String(metric.unit ?? ""),
					kind,
					attributes: attributesOf(point),
					value: Number(point.asDouble ?? point.asInt ?? point.sum),
					count: kind === "histogram" ? Number(point.count) : undefined,
					temporality: kind === "gauge" ? undefined : Number(data.aggregationTemporality),
				}));
			}),
		),
	);
}

/** The spans of a request. */
export function spansOf(message: OtlpMessage): OtlpSpan[] {
	return listOf(message, "resourceSpans").flatMap((outer) =>
		listOf(outer, "scopeSpans").flatMap((scope) =>
			listOf(scope, "spans").map((span) => ({
				resource: attributesOf(objectOf(outer, "resource")),
				name: String(span.name),
				kind: Number(span.kind),
				traceId: String(span.traceId),
				spanId: String(span.spanId),
				parentSpanId: textOf(span, "parentSpanId"),
				traceState: textOf(span, "traceState"),
				attributes: attributesOf(span),
				status: Number(objectOf(span, "status").code ?? 0),
				startedAt: millisecondsOf(span, "startTimeUnixNano"),
				endedAt: millisecondsOf(span, "endTimeUnixNano"),
			})),
		),
	);
}

function attributesOf(holder: Json): OtlpAttributes {
	const pairs = listOf(holder, "attributes");
	return Object.fromEntries(pairs.map((pair) => [String(pair.key), plain(objectOf(pair, "value"))]));
}

function plain(value: Json): unknown {
	if ("intValue" in value) return Number(value.intValue);
	return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value;
}

function listOf(holder: Json, name: string): Json[] {
	const list = holder[name];
	return Array.isArray(list) ? list : [];
}

function objectOf(holder: Json, name: string): Json {
	const object = holder[name];
	return typeof object === "object" && object !== null ? (object as Json) : {};
}

/** An empty text is how protobuf says that there is none. */
function textOf(holder: Json, name: string): string | undefined {
	const text = holder[name];
	return typeof text === "string" && text !== "" ? text : undefined;
}

function millisecondsOf(holder: Json, name: string): number {
	return Number(BigInt(String(holder[name])) / 1000n) / 1000;
}
