import type { OtlpPoint } from "@clef-sh/testkit/otlp-receiver";
import { describe, expect, it } from "vitest";
import type { HandledRequest, Observation } from "../../src/telemetry.js";
import { AT, EVENTS } from "../events.js";
import { DEADLINE_MS, PROMPT, receive, subject } from "../harness.js";

const READY: Observation = { state: "ready", ageSeconds: 4, expiresInSeconds: 60, ttlSeconds: 300 };
const REQUEST: HandledRequest = {
	route: "/v1/secrets/:key",
	method: "GET",
	status: 200,
	startedAt: AT,
	durationMs: 12,
};

function some(points: readonly OtlpPoint[], metric: string) {
	return points.filter((point) => point.metric === metric);
}

function shown(points: readonly OtlpPoint[], metric: string) {
	return some(points, metric).map(({ attributes, count, kind, unit, value }) => ({
		kind,
		unit,
		attributes,
		value,
		count,
	}));
}

describe("pushed metrics", () => {
	it.each([
		["protobuf", {}],
		["JSON in gzip", { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }],
	])("measure all there is, as %s", async (_, env) => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url, env: { ...PROMPT, ...env }, observe: () => READY });
		for (const event of Object.values(EVENTS)) telemetry.write(event);
		telemetry.write({ ...EVENTS["refresh.finished"], outcome: "confirmed", code: undefined });
		telemetry.request(REQUEST);
		telemetry.request({ ...REQUEST, durationMs: 8 });
		telemetry.request({ ...REQUEST, method: "BREW", status: 405 });
		await telemetry.close(DEADLINE_MS);
		const { points, violations } = receiver;
		expect(violations).toEqual([]);
		const histogram = { kind: "histogram", unit: "s", count: 1 };
		expect(shown(points, "http.server.request.duration")).toEqual([
			{
				...histogram,
				attributes: {
					"http.route": "/v1/secrets/:key",
					"http.request.method": "GET",
					"http.response.status_code": 200,
				},
				value: 0.02,
				count: 2,
			},
			{
				...histogram,
				attributes: {
					"http.route": "/v1/secrets/:key",
					"http.request.method": "_OTHER",
					"http.response.status_code": 405,
				},
				value: 0.012,
			},
		]);
		expect(shown(points, "clef.refresh.duration")).toEqual([
			{
				...histogram,
				attributes: {
					"clef.source.type": "vcs",
					"clef.refresh.outcome": "kept",
					"error.type": "DECRYPT_UNWRAP_FAILED",
				},
				value: 0.25,
			},
			{
				...histogram,
				attributes: { "clef.source.type": "vcs", "clef.refresh.outcome": "confirmed" },
				value: 0.25,
			},
		]);
		expect(shown(points, "clef.decrypt.duration")).toEqual([
			{ ...histogram, attributes: { "clef.encryption": "age" }, value: 0.002 },
		]);
		expect(shown(points, "clef.kms.duration")).toEqual([
			{
				...histogram,
				attributes: { "clef.kms.provider": "aws", "error.type": "DECRYPT_UNWRAP_FAILED" },
				value: 0.04,
			},
		]);
		const gauge = { kind: "gauge", attributes: {}, count: undefined };
		expect(shown(points, "clef.snapshot.age")).toEqual([{ ...gauge, unit: "s", value: 4 }]);
		expect(shown(points, "clef.snapshot.time_to_expiry")).toEqual([{ ...gauge, unit: "s", value: 60 }]);
		expect(shown(points, "clef.telemetry.dropped")).toEqual([
			{ kind: "sum", unit: "{record}", attributes: {}, value: 0, count: undefined },
		]);
	});

	it("show each state, and which one holds", async () => {
		const receiver = await receive();
		const observe = (): Observation => ({
			state: "revoked",
			ageSeconds: undefined,
			expiresInSeconds: undefined,
			ttlSeconds: 300,
		});
		const { telemetry } = subject({ url: receiver.url, observe });
		await telemetry.close(DEADLINE_MS);
		const states = some(receiver.points, "clef.cache.state");
		expect(
			Object.fromEntries(states.map(({ attributes, value }) => [attributes["clef.state"], value])),
		).toEqual({
			ready: 0,
			not_loaded: 0,
			cache_expired: 0,
			artifact_expired: 0,
			revoked: 1,
		});
		expect(some(receiver.points, "clef.snapshot.age")).toEqual([]);
		expect(some(receiver.points, "clef.snapshot.time_to_expiry")).toEqual([]);
	});

	it("come at the interval that OTEL_METRIC_EXPORT_INTERVAL says, once headers are known", async () => {
		const receiver = await receive();
		const { telemetry, clock } = subject({
			url: receiver.url,
			env: { ...PROMPT, OTEL_METRIC_EXPORT_INTERVAL: "1" },
		});
		await telemetry.metrics();
		expect(receiver.requests).toEqual([]);
		await clock.advance(30_000);
		await receiver.until(() => receiver.requests.length >= 3);
	});

	it.each([
		["cumulative", { sum: 2, histogram: 2 }],
		["delta", { sum: 1, histogram: 1 }],
		["lowmemory", { sum: 2, histogram: 1 }],
	])("have the temporality %s when asked for", async (preference, temporality) => {
		const receiver = await receive();
		const env = { ...PROMPT, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: preference };
		const { telemetry } = subject({ url: receiver.url, env });
		telemetry.request(REQUEST);
		await telemetry.close(DEADLINE_MS);
		expect({
			sum: some(receiver.points, "clef.telemetry.dropped")[0]?.temporality,
			histogram: some(receiver.points, "http.server.request.duration")[0]?.temporality,
		}).toEqual(temporality);
	});
});

describe("metrics()", () => {
	it("is Prometheus text from the same instruments, without a collector", async () => {
		const { telemetry } = subject({ prometheus: true, observe: () => READY });
		telemetry.write(EVENTS["agent.started"]);
		telemetry.write(EVENTS["refresh.finished"]);
		telemetry.request(REQUEST);
		const text = await telemetry.metrics();
		expect(text).toContain(
			'clef_refresh_duration_seconds_count{clef_source_type="vcs",clef_refresh_outcome="kept",error_type="DECRYPT_UNWRAP_FAILED"} 1',
		);
		expect(text).toContain(
			'http_server_request_duration_seconds_sum{http_route="/v1/secrets/:key",http_request_method="GET",http_response_status_code="200"} 0.012',
		);
		expect(text).toContain('clef_cache_state{clef_state="ready"} 1');
		expect(text).toContain("clef_snapshot_age_seconds 4");
		expect(text).toContain("clef_telemetry_dropped_total 0");
		expect(text).toMatch(/target_info\{.*clef_source_type="vcs".*\} 1/);
		expect(text).toMatch(/target_info\{.*service_name="clef-agent".*\} 1/);
	});

	it("is empty unless asked for", async () => {
		const { telemetry } = subject({ url: "http://127.0.0.1:9" });
		expect(await telemetry.metrics()).toBe("");
	});

	it("is empty after closing", async () => {
		const { telemetry } = subject({ prometheus: true });
		await telemetry.close(DEADLINE_MS);
		expect(await telemetry.metrics()).toBe("");
	});
});
