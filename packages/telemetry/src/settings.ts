import { undeliverable } from "./delivery.js";
import { endpointFor, endpointUnder, exactEndpoint } from "./endpoint.js";
import { parseKeyPairs } from "./key-pairs.js";
import type { TelemetryOptions } from "./telemetry.js";

/** What OTLP carries. */
export type Signal = "logs" | "metrics" | "traces";

/** How one signal is sent. */
export interface SignalSettings {
	readonly endpoint: string;
	readonly protocol: "http/protobuf" | "http/json";
	readonly compression: "gzip" | "none";
	readonly timeoutMs: number;
	/** From the environment; those in the packed secrets come on top. */
	readonly headers: Readonly<Record<string, string>>;
	/** Paths of PEM files. */
	readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** A queue that is sent in batches. */
interface BatchSettings {
	readonly maxQueueSize: number;
	readonly maxExportBatchSize: number;
	readonly scheduledDelayMs: number;
	readonly exportTimeoutMs: number;
}

/** Which spans are made. */
interface Sampling {
	/** How many of those that no caller has decided on, in [0, 1]. */
	readonly ratio: number;
	/** Whether a caller that sends a trace context decides. */
	readonly followsCaller: boolean;
}

/** What the options and OpenTelemetry's variables come to. */
export interface Settings {
	/** False when `OTEL_SDK_DISABLED` says so. */
	readonly enabled: boolean;
	/** A signal that is not here is not sent. */
	readonly signals: Readonly<Partial<Record<Signal, SignalSettings>>>;
	readonly logBatches: BatchSettings;
	readonly spanBatches: BatchSettings;
	readonly metricIntervalMs: number;
	readonly metricTimeoutMs: number;
	readonly temporality: "cumulative" | "delta" | "lowmemory";
	readonly sampling: Sampling;
	/** These win over our own attributes. */
	readonly resource: Readonly<Record<string, string>>;
	/** Sentences about what cannot be used as it was given. */
	readonly problems: readonly string[];
}

type Env = TelemetryOptions["env"];

/** Where OpenTelemetry looks for a collector unless told otherwise. */
const DEFAULT_BASE = "http://localhost:4318";
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Reads the settings; what is malformed falls back to its default, with a sentence where it matters. */
export function readSettings({
	url,
	env,
	traces,
}: Pick<TelemetryOptions, "url" | "env" | "traces">): Settings {
	const problems: string[] = [];
	const wanted = (["logs", "metrics", "traces"] as const).filter((signal) =>
		signal === "traces"
			? (traces ?? textOf(env, "OTEL_TRACES_EXPORTER") === "otlp")
			: textOf(env, `OTEL_${signal.toUpperCase()}_EXPORTER`) !== "none",
	);
	const signals: Partial<Record<Signal, SignalSettings>> = {};
	for (const signal of wanted) {
		const endpoint = endpointOf(signal, url, env, problems);
		if (endpoint !== undefined) signals[signal] = signalSettings(signal, endpoint, env, problems);
	}
	const metricIntervalMs = numberOf(env, "OTEL_METRIC_EXPORT_INTERVAL", 60_000);
	const preference = textOf(env, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE")?.toLowerCase();
	return {
		enabled: textOf(env, "OTEL_SDK_DISABLED")?.toLowerCase() !== "true",
		signals,
		logBatches: batchSettings(env, "OTEL_BLRP", 1000),
		spanBatches: batchSettings(env, "OTEL_BSP", 5000),
		metricIntervalMs,
		// OpenTelemetry's reader throws for a timeout that is longer than the interval.
		metricTimeoutMs: Math.min(metricIntervalMs, numberOf(env, "OTEL_METRIC_EXPORT_TIMEOUT", 30_000)),
		temporality: preference === "delta" || preference === "lowmemory" ? preference : "cumulative",
		sampling: samplingOf(env),
		resource: resourceOf(env),
		problems: [...new Set(problems)],
	};
}

function endpointOf(
	signal: Signal,
	url: string | undefined,
	env: Env,
	problems: string[],
): string | undefined {
	const general = "OTEL_EXPORTER_OTLP_ENDPOINT";
	const specific = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
	const isAskedFor = textOf(env, `OTEL_${signal.toUpperCase()}_EXPORTER`) === "otlp";
	const under = (base: string): string | undefined => endpointUnder(base, signal);
	const places = [
		{ name: "its URL", text: url, read: (text: string) => endpointFor(signal, text) },
		{ name: specific, text: textOf(env, specific), read: exactEndpoint },
		{ name: general, text: textOf(env, general), read: under },
		{ name: "the default", text: isAskedFor ? DEFAULT_BASE : undefined, read: under },
	];
	// The first that is given counts, also where it cannot be used: the next one may be another's collector.
	for (const { name, text, read } of places) {
		if (text === undefined) continue;
		const endpoint = read(text);
		if (endpoint === undefined) problems.push(undeliverable(`${name} is not an http or https URL`));
		return endpoint;
	}
	return undefined;
}

function signalSettings(signal: Signal, endpoint: string, env: Env, problems: string[]): SignalSettings {
	const names = (name: string): readonly [string, string] => [
		`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`,
		`OTEL_EXPORTER_OTLP_${name}`,
	];
	const either = (name: string): string | undefined => {
		const [specific, general] = names(name);
		return textOf(env, specific) ?? textOf(env, general);
	};
	const [timeout, generalTimeout] = names("TIMEOUT");
	const [ca, cert, key] = [either("CERTIFICATE"), either("CLIENT_CERTIFICATE"), either("CLIENT_KEY")];
	return {
		endpoint,
		protocol: protocolOf(either("PROTOCOL"), problems),
		compression: either("COMPRESSION") === "gzip" ? "gzip" : "none",
		timeoutMs: numberOf(env, timeout, numberOf(env, generalTimeout, 10_000)),
		// The general ones first, so that of two with the same name the signal's own wins.
		headers: Object.fromEntries(
			[...names("HEADERS")].reverse().flatMap((name) => [...parseKeyPairs(textOf(env, name) ?? "")]),
		),
		tls: {
			...(ca !== undefined && { ca }),
			...(cert !== undefined && { cert }),
			...(key !== undefined && { key }),
		},
	};
}

function protocolOf(protocol: string | undefined, problems: string[]): SignalSettings["protocol"] {
	if (protocol === "http/json") return protocol;
	if (protocol !== undefined && protocol !== "http/protobuf") {
		problems.push(
			"telemetry is sent as http/protobuf: OTEL_EXPORTER_OTLP_PROTOCOL names another protocol than that and http/json",
		);
	}
	return "http/protobuf";
}

function batchSettings(env: Env, prefix: string, defaultDelayMs: number): BatchSettings {
	const maxQueueSize = numberOf(env, `${prefix}_MAX_QUEUE_SIZE`, 2048);
	return {
		maxQueueSize,
		maxExportBatchSize: Math.min(maxQueueSize, numberOf(env, `${prefix}_MAX_EXPORT_BATCH_SIZE`, 512)),
		scheduledDelayMs: numberOf(env, `${prefix}_SCHEDULE_DELAY`, defaultDelayMs),
		exportTimeoutMs: numberOf(env, `${prefix}_EXPORT_TIMEOUT`, 30_000),
	};
}

function samplingOf(env: Env): Sampling {
	const name = textOf(env, "OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
	const argument = Number(textOf(env, "OTEL_TRACES_SAMPLER_ARG") ?? 1);
	const ratios = new Map([
		["always_on", 1],
		["always_off", 0],
		["traceidratio", argument >= 0 && argument <= 1 ? argument : 1],
	]);
	const ratio = ratios.get(name.replace(/^parentbased_/, ""));
	// A sampler that is not known is as good as none named.
	return { ratio: ratio ?? 1, followsCaller: ratio === undefined || name.startsWith("parentbased_") };
}

function resourceOf(env: Env): Readonly<Record<string, string>> {
	const serviceName = textOf(env, "OTEL_SERVICE_NAME");
	return {
		...Object.fromEntries(parseKeyPairs(textOf(env, "OTEL_RESOURCE_ATTRIBUTES") ?? "")),
		...(serviceName !== undefined && { "service.name": serviceName }),
	};
}

/** An empty variable counts as unset, as OpenTelemetry has it. */
function textOf(env: Env, name: string): string | undefined {
	const text = env[name]?.trim();
	return text === "" ? undefined : text;
}

function numberOf(env: Env, name: string, otherwise: number): number {
	const text = textOf(env, name);
	if (text === undefined || !/^\d{1,15}$/.test(text) || Number(text) === 0) return otherwise;
	return Math.min(Number(text), LONGEST_TIMER_MS);
}
