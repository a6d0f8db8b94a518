import { describe, expect, it } from "vitest";
import { readSettings, type Signal } from "../src/settings.js";

type Env = Readonly<Record<string, string>>;

const URL_SET = "http://collector:4318";

function read(env: Env = {}, url?: string) {
	return readSettings({ env, url });
}

function endpoints(env: Env, url?: string): Partial<Record<Signal, string>> {
	return Object.fromEntries(
		Object.entries(read(env, url).signals).map(([name, { endpoint }]) => [name, endpoint]),
	);
}

describe("where signals go", () => {
	it("is nowhere when nothing says where", () => {
		expect(endpoints({})).toEqual({});
		expect(endpoints({ OTEL_EXPORTER_OTLP_ENDPOINT: " " })).toEqual({});
	});

	it("is the URL given, for logs and metrics, whatever the variables say", () => {
		expect(endpoints({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://other" }, URL_SET)).toEqual({
			logs: "http://collector:4318/v1/logs",
			metrics: "http://collector:4318/v1/metrics",
		});
	});

	it("is under the general variable, or at the specific one", () => {
		const env = {
			OTEL_EXPORTER_OTLP_ENDPOINT: "http://general/",
			OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://special/m",
			OTEL_TRACES_EXPORTER: "otlp",
		};
		expect(endpoints(env)).toEqual({
			logs: "http://general/v1/logs",
			metrics: "http://special/m",
			traces: "http://general/v1/traces",
		});
	});

	it("is OpenTelemetry's default for a signal that is asked for by name", () => {
		expect(endpoints({ OTEL_LOGS_EXPORTER: "otlp", OTEL_TRACES_EXPORTER: "otlp" })).toEqual({
			logs: "http://localhost:4318/v1/logs",
			traces: "http://localhost:4318/v1/traces",
		});
	});

	it("is nowhere for a signal whose exporter is none", () => {
		expect(endpoints({ OTEL_LOGS_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" }, URL_SET)).toEqual({});
	});

	it("includes traces when the option says so, and not when it says no", () => {
		const env = { OTEL_TRACES_EXPORTER: "otlp" };
		expect(readSettings({ env, url: URL_SET, traces: false }).signals.traces).toBeUndefined();
		expect(readSettings({ env: {}, url: URL_SET, traces: true }).signals.traces).toBeDefined();
	});

	it.each([
		["its URL", {}, "collector:4318"],
		["OTEL_EXPORTER_OTLP_ENDPOINT", { OTEL_EXPORTER_OTLP_ENDPOINT: "secret stuff" }, undefined],
		["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "ftp://secret" }, undefined],
	])("is a problem, told once, when %s is no web URL", (name, env, url) => {
		expect(read(env as Env, url).problems).toEqual([
			`telemetry cannot be delivered (${name} is not an http or https URL); serving is not affected`,
		]);
	});
});

describe("how signals are sent", () => {
	const logs = (env: Env) => read(env, URL_SET).signals.logs;

	it("has OpenTelemetry's defaults", () => {
		expect(logs({})).toEqual({
			endpoint: "http://collector:4318/v1/logs",
			protocol: "http/protobuf",
			compression: "none",
			timeoutMs: 10_000,
			headers: {},
			tls: {},
		});
		expect(read({}, URL_SET)).toMatchObject({
			enabled: true,
			logBatches: {
				maxQueueSize: 2048,
				maxExportBatchSize: 512,
				scheduledDelayMs: 1000,
				exportTimeoutMs: 30_000,
			},
			spanBatches: { maxQueueSize: 2048, scheduledDelayMs: 5000 },
			metricIntervalMs: 60_000,
			metricTimeoutMs: 30_000,
			temporality: "cumulative",
			resource: {},
			problems: [],
		});
	});

	it("follows the general variables, and the specific ones before them", () => {
		const general = {
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
			OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
			OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
			OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=2",
			OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.pem",
			OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "/cert.pem",
			OTEL_EXPORTER_OTLP_CLIENT_KEY: "/key.pem",
		};
		expect(logs(general)).toMatchObject({
			protocol: "http/json",
			compression: "gzip",
			timeoutMs: 2000,
			headers: { a: "1", b: "2" },
			tls: { ca: "/ca.pem", cert: "/cert.pem", key: "/key.pem" },
		});
		const specific = {
			...general,
			OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/protobuf",
			OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "none",
			OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "3000",
			OTEL_EXPORTER_OTLP_LOGS_HEADERS: "b=3",
			OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE: "/logs.pem",
		};
		expect(logs(specific)).toMatchObject({
			protocol: "http/protobuf",
			compression: "none",
			timeoutMs: 3000,
			headers: { a: "1", b: "3" },
			tls: { ca: "/logs.pem" },
		});
	});

	it("says so when a protocol is asked for that it does not speak", () => {
		const { problems, signals } = read({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, URL_SET);
		expect(signals.logs?.protocol).toBe("http/protobuf");
		expect(problems).toEqual([expect.stringContaining("names another protocol")]);
	});

	it.each(["0", "-5", "1.5", "soon", "1e3", "9".repeat(16)])("passes over the number %s", (text) => {
		expect(logs({ OTEL_EXPORTER_OTLP_TIMEOUT: text })?.timeoutMs).toBe(10_000);
	});

	it("takes no number that a timer cannot", () => {
		expect(logs({ OTEL_EXPORTER_OTLP_TIMEOUT: "999999999999" })?.timeoutMs).toBe(2 ** 31 - 1);
	});

	it("bounds queues and intervals as told, and keeps them consistent", () => {
		const env = {
			OTEL_BLRP_MAX_QUEUE_SIZE: "10",
			OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "20",
			OTEL_BLRP_SCHEDULE_DELAY: "5",
			OTEL_BLRP_EXPORT_TIMEOUT: "6",
			OTEL_METRIC_EXPORT_INTERVAL: "100",
		};
		expect(read(env)).toMatchObject({
			logBatches: { maxQueueSize: 10, maxExportBatchSize: 10, scheduledDelayMs: 5, exportTimeoutMs: 6 },
			metricIntervalMs: 100,
			metricTimeoutMs: 100,
		});
	});

	it.each([
		["Delta", "delta"],
		["lowmemory", "lowmemory"],
		["weekly", "cumulative"],
	])("reads the temporality %s as %s", (text, temporality) => {
		expect(read({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: text }).temporality).toBe(temporality);
	});
});

it.each([
	[undefined, undefined, 1, true],
	["parentbased_always_on", "0.5", 1, true],
	["parentbased_always_off", undefined, 0, true],
	["parentbased_traceidratio", "0.25", 0.25, true],
	["always_on", undefined, 1, false],
	["always_off", undefined, 0, false],
	["traceidratio", "0", 0, false],
	["traceidratio", "7", 1, false],
	["traceidratio", "many", 1, false],
	["constructor", "0.5", 1, true],
])("samples by %s with %s", (name, argument, ratio, followsCaller) => {
	const env = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument };
	expect(readSettings({ env }).sampling).toEqual({ ratio, followsCaller });
});

it("reads resource attributes, and the service's name before them", () => {
	const env = { OTEL_RESOURCE_ATTRIBUTES: "service.name=a,team=x%20y" };
	expect(read(env).resource).toEqual({ "service.name": "a", team: "x y" });
	expect(read({ ...env, OTEL_SERVICE_NAME: "b" }).resource).toEqual({ "service.name": "b", team: "x y" });
});

it("is off when OpenTelemetry is disabled", () => {
	expect(read({ OTEL_SDK_DISABLED: "TRUE" }).enabled).toBe(false);
	expect(read({ OTEL_SDK_DISABLED: "yes" }).enabled).toBe(true);
});
