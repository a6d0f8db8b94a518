import type { AgentReport } from "@clef-sh/core";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { millisToHrTime } from "@opentelemetry/core";
import {
	type IExportLogsServiceResponse,
	type ISerializer,
	JsonLogsSerializer,
	LogsExporterMetricsHelper,
	ProtobufLogsSerializer,
} from "@opentelemetry/otlp-transformer";
import type { Resource } from "@opentelemetry/resources";
import {
	BatchLogRecordProcessor,
	LoggerProvider,
	type LogRecordProcessor,
	type ReadWriteLogRecord,
} from "@opentelemetry/sdk-logs";
import type { Drops } from "../drops.js";
import { isLogged, recordOf } from "../log-record.js";
import type { PipelineOptions } from "../pipeline.js";
import type { Connections } from "./connections.js";

/** Log records on their way out. */
export interface Logs {
	write(event: AgentReport): void;
	/** Sends what waits, if anything does. */
	flush(): Promise<void>;
	close(): Promise<void>;
	/** Counts what is still on its way as dropped. */
	giveUp(): void;
}

/** Longer than any sentence of ours, and short enough that a full queue stays small. */
const MAX_VALUE_LENGTH = 4096;

/** Undefined when logs go nowhere. */
export function createLogs(
	{ drops, serviceVersion, settings }: PipelineOptions,
	resource: Resource,
	connections: Connections,
): Logs | undefined {
	const to = settings.signals.logs;
	if (to === undefined) return undefined;
	const { exportTimeoutMs, maxExportBatchSize, maxQueueSize, scheduledDelayMs } = settings.logBatches;
	const encoding = {
		protobuf: countingRefusals(ProtobufLogsSerializer, drops),
		json: countingRefusals(JsonLogsSerializer, drops),
		counting: LogsExporterMetricsHelper,
	};
	const exporter = connections.exporter("logs", to, encoding, (records, failed) =>
		queue.settled(records.length, failed),
	);
	const batches = new BatchLogRecordProcessor({
		exporter,
		maxQueueSize,
		maxExportBatchSize,
		scheduledDelayMillis: scheduledDelayMs,
		exportTimeoutMillis: exportTimeoutMs,
	});
	const queue = new BoundedQueue(batches, maxQueueSize, drops);
	const logRecordLimits = { attributeValueLengthLimit: MAX_VALUE_LENGTH };
	const provider = new LoggerProvider({ resource, logRecordLimits, processors: [queue] });
	const logger = provider.getLogger("@clef-sh/telemetry", serviceVersion);
	return {
		write: (event) => {
			if (!isLogged(event)) return;
			const { severity, at, ...record } = recordOf(event, serviceVersion);
			const time = millisToHrTime(at);
			const severities = { severityNumber: SeverityNumber[severity], severityText: severity };
			logger.emit({ ...record, ...severities, timestamp: time, observedTimestamp: time });
		},
		flush: async () => {
			if (queue.pending > 0) await provider.forceFlush();
		},
		close: () => provider.shutdown(),
		giveUp: () => queue.giveUp(),
	};
}

/** A collector may take a batch and refuse some of it, which the exporter keeps to itself. */
function countingRefusals<Items>(
	serializer: ISerializer<Items, IExportLogsServiceResponse>,
	drops: Drops,
): ISerializer<Items, IExportLogsServiceResponse> {
	return {
		serializeRequest: (items) => serializer.serializeRequest(items),
		deserializeResponse: (bytes) => {
			const response = serializer.deserializeResponse(bytes);
			// A 64-bit number is text in JSON.
			const refused = Number(response.partialSuccess?.rejectedLogRecords ?? 0);
			if (Number.isSafeInteger(refused)) drops.add(refused);
			return response;
		},
	};
}

/** Counts the records that OpenTelemetry's processor holds, because it tells nobody which of them it drops. */
class BoundedQueue implements LogRecordProcessor {
	readonly #inner: LogRecordProcessor;
	readonly #limit: number;
	readonly #drops: Drops;
	#pending = 0;

	constructor(inner: LogRecordProcessor, limit: number, drops: Drops) {
		this.#inner = inner;
		this.#limit = limit;
		this.#drops = drops;
	}

	onEmit(record: ReadWriteLogRecord): void {
		if (this.#pending >= this.#limit) {
			this.#drops.add(1);
			return;
		}
		this.#pending += 1;
		this.#inner.onEmit(record);
	}

	get pending(): number {
		return this.#pending;
	}

	settled(records: number, failed: boolean): void {
		// None are pending after giving up, when those under way have been counted.
		const counted = Math.min(records, this.#pending);
		this.#pending -= counted;
		if (failed) this.#drops.add(counted);
	}

	giveUp(): void {
		this.#drops.add(this.#pending);
		this.#pending = 0;
	}

	forceFlush(): Promise<void> {
		return this.#inner.forceFlush();
	}

	shutdown(): Promise<void> {
		return this.#inner.shutdown();
	}
}
