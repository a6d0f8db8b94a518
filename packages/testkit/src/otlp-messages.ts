import root from "@opentelemetry/otlp-transformer/build/src/generated/root.js";
import protobuf from "protobufjs/minimal.js";

/** What OTLP carries. */
export type OtlpSignal = "logs" | "metrics" | "traces";

/** A decoded request in protobuf's own JSON: 64-bit numbers are strings, ids are lower-case hexadecimal. */
export type OtlpMessage = Readonly<Record<string, unknown>>;

interface MessageType {
	decode(reader: protobuf.Reader): object;
	fromObject(object: object): object;
	verify(message: object): string | null;
	toObject(message: object, options: object): Record<string, unknown>;
}

interface Collector {
	readonly logs: { readonly v1: { readonly ExportLogsServiceRequest: MessageType } };
	readonly metrics: { readonly v1: { readonly ExportMetricsServiceRequest: MessageType } };
	readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: MessageType } };
}

// The generated file declares itself as an empty root.
const { collector } = (root as unknown as { opentelemetry: { proto: { collector: Collector } } })
	.opentelemetry.proto;

const REQUESTS: Readonly<Record<OtlpSignal, MessageType>> = {
	logs: collector.logs.v1.ExportLogsServiceRequest,
	metrics: collector.metrics.v1.ExportMetricsServiceRequest,
	traces: collector.trace.v1.ExportTraceServiceRequest,
};

const IDS: ReadonlySet<string> = new Set(["traceId", "spanId", "parentSpanId"]);

/** Decodes a request by the generated schema; throws on a field that it does not know. */
export function decodeProtobuf(signal: OtlpSignal, body: Uint8Array): OtlpMessage {
	const reader = protobuf.Reader.create(body);
	reader.skipType = () => {
		throw new TypeError(`The schema of ${signal} does not know a field before byte ${reader.pos}.`);
	};
	const message = REQUESTS[signal].decode(reader);
	return checked(signal, message);
}

/** Reads a request in OTLP's JSON; throws on a field that the schema does not know. */
export function decodeJson(signal: OtlpSignal, body: Uint8Array): OtlpMessage {
	const given: unknown = JSON.parse(Buffer.from(body).toString("utf8"), (key, value) =>
		IDS.has(key) && typeof value === "string" ? Buffer.from(value, "hex") : value,
	);
	if (typeof given !== "object" || given === null) throw new TypeError("The body is no JSON object.");
	const known = checked(signal, REQUESTS[signal].fromObject(given));
	assertNothingLost(given, known, signal);
	return known;
}

function checked(signal: OtlpSignal, message: object): OtlpMessage {
	const problem = REQUESTS[signal].verify(message);
	if (problem !== null) throw new TypeError(`The ${signal} request is not as its schema says: ${problem}.`);
	return readable(REQUESTS[signal].toObject(message, { longs: String })) as OtlpMessage;
}

function readable(value: unknown): unknown {
	if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
	if (Array.isArray(value)) return value.map(readable);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner)]));
}

/** The generated reader of JSON passes over what it does not know. */
function assertNothingLost(given: unknown, known: unknown, path: string): void {
	if (given instanceof Uint8Array || typeof given !== "object" || given === null) return;
	for (const [key, inner] of Object.entries(given)) {
		const kept = typeof known === "object" && known !== null ? Reflect.get(known, key) : undefined;
		const isEmpty = Array.isArray(inner) && inner.length === 0;
		if (kept === undefined && !isEmpty) throw new TypeError(`The schema does not know ${path}.${key}.`);
		assertNothingLost(inner, kept, `${path}.${key}`);
	}
}
