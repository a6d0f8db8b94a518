import { type Attributes, type HrTime, ValueType } from "@opentelemetry/api";
import { hrTime, type InstrumentationScope } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import {
	AggregationTemporality,
	type CollectionResult,
	type DataPoint,
	DataPointType,
	type Histogram,
	type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { httpMethod } from "../http-method.js";
import type { HandledRequest } from "../telemetry.js";

/** Seconds, as OpenTelemetry's conventions have them for HTTP, and below them those that answers from memory take. */
const BOUNDARIES = [
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

const DESCRIPTOR = {
	name: "http.server.request.duration",
	description: "Duration of HTTP server requests.",
	unit: "s",
	valueType: ValueType.DOUBLE,
};

/** Durations of requests with the same attributes. */
interface Series {
	readonly route: string | undefined;
	readonly method: string;
	readonly status: number;
	readonly attributes: Attributes;
	/** One more than there are boundaries. */
	readonly counts: number[];
	count: number;
	sum: number;
}

/**
 * The histogram of request durations, counted here and handed to OpenTelemetry when it collects: its own instrument
 * costs microseconds for each value, which is a fifth of all that an answer takes.
 */
export class RequestDurations {
	readonly #scope: InstrumentationScope;
	readonly #startedAt: HrTime = hrTime();
	readonly #series: Series[] = [];
	/** By route, method and status; nested, because a text made of them would cost more than all the rest. */
	readonly #found = new Map<string | undefined, Map<string, Map<number, Series>>>();
	/** Of the request before: most are like it, and need not be looked up. */
	#latest: Series | undefined;

	constructor(scope: InstrumentationScope) {
		this.#scope = scope;
	}

	record({ durationMs, method, route, status }: HandledRequest): void {
		let series = this.#latest;
		if (series?.route !== route || series?.method !== method || series.status !== status) {
			series = this.#found.get(route)?.get(method)?.get(status) ?? this.#add(route, method, status);
			this.#latest = series;
		}
		const seconds = durationMs / 1000;
		let bucket = 0;
		while (bucket < BOUNDARIES.length && seconds > Number(BOUNDARIES[bucket])) bucket += 1;
		series.counts[bucket] = Number(series.counts[bucket]) + 1;
		series.count += 1;
		series.sum += seconds;
	}

	/** What a reader asks; with delta temporality each tells what came since that reader asked last. */
	producer(temporality: AggregationTemporality): MetricProducer {
		let since = this.#startedAt;
		let before: readonly Series[] = [];
		const isDelta = temporality === AggregationTemporality.DELTA;
		return {
			collect: async () => {
				const now = hrTime();
				const points = this.#series.map((series, index) => point(series, before[index], since, now));
				if (isDelta) {
					since = now;
					before = this.#series.map((series) => ({ ...series, counts: [...series.counts] }));
				}
				const told = points.filter(({ value }) => value.count > 0);
				return this.#result(told, temporality);
			},
		};
	}

	#add(route: string | undefined, method: string, status: number): Series {
		const known = httpMethod(method);
		// Methods that nobody knows share one series, and are not remembered one by one.
		if (known !== method)
			return this.#found.get(route)?.get(known)?.get(status) ?? this.#add(route, known, status);
		const series = newSeries(route, known, status);
		const byMethod = this.#found.get(route) ?? new Map<string, Map<number, Series>>();
		const byStatus = byMethod.get(known) ?? new Map<number, Series>();
		this.#found.set(route, byMethod.set(known, byStatus.set(status, series)));
		this.#series.push(series);
		return series;
	}

	#result(
		dataPoints: DataPoint<Histogram>[],
		aggregationTemporality: AggregationTemporality,
	): CollectionResult {
		const metric = {
			descriptor: DESCRIPTOR,
			aggregationTemporality,
			dataPointType: DataPointType.HISTOGRAM as const,
			dataPoints,
		};
		const scopeMetrics = dataPoints.length === 0 ? [] : [{ scope: this.#scope, metrics: [metric] }];
		return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
	}
}

function newSeries(route: string | undefined, method: string, status: number): Series {
	const attributes = {
		...(route !== undefined && { "http.route": route }),
		"http.request.method": method,
		"http.response.status_code": status,
	};
	const counts = new Array<number>(BOUNDARIES.length + 1).fill(0);
	return { route, method, status, attributes, counts, count: 0, sum: 0 };
}

function point(
	series: Series,
	before: Series | undefined,
	startTime: HrTime,
	endTime: HrTime,
): DataPoint<Histogram> {
	const counts = series.counts.map((count, bucket) => count - Number(before?.counts[bucket] ?? 0));
	return {
		startTime,
		endTime,
		attributes: series.attributes,
		value: {
			buckets: { boundaries: BOUNDARIES, counts },
			count: series.count - (before?.count ?? 0),
			sum: series.sum - (before?.sum ?? 0),
		},
	};
}
