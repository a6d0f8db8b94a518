import { describe, expect, it } from "vitest";
import type { HandledRequest } from "../../src/telemetry.js";
import { AT, EVENTS } from "../events.js";
import { DEADLINE_MS, PROMPT, receive, subject } from "../harness.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const REQUEST: HandledRequest = {
	route: "/v1/secrets/:key",
	method: "GET",
	status: 200,
	startedAt: AT,
	durationMs: 12,
};

async function spansAfter(requests: readonly HandledRequest[], env: Record<string, string> = {}) {
	const receiver = await receive();
	const { telemetry } = subject({ url: receiver.url, traces: true, env: { ...PROMPT, ...env } });
	for (const request of requests) telemetry.request(request);
	await telemetry.close(DEADLINE_MS);
	expect(receiver.violations).toEqual([]);
	return receiver.spans;
}

describe("spans", () => {
	it("are made only when asked for", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url });
		telemetry.request(REQUEST);
		telemetry.write(EVENTS["refresh.finished"]);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.requests.map(({ path }) => path)).not.toContain("/v1/traces");
	});

	it.each([
		["protobuf", {}],
		["JSON", { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }],
	])("show a refresh and its steps, as %s", async (_, protocol) => {
		const receiver = await receive();
		const env = { ...PROMPT, ...protocol, OTEL_TRACES_EXPORTER: "otlp" };
		const { telemetry } = subject({ url: receiver.url, env });
		telemetry.write(EVENTS["agent.started"]);
		telemetry.write(EVENTS["refresh.finished"]);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.violations).toEqual([]);
		const [refresh, read, decrypt] = receiver.spans;
		expect(refresh).toMatchObject({
			name: "clef.refresh",
			kind: 1,
			parentSpanId: undefined,
			status: 2,
			startedAt: AT - 250,
			endedAt: AT,
			attributes: {
				"clef.source.type": "vcs",
				"clef.refresh.outcome": "kept",
				"error.type": "DECRYPT_UNWRAP_FAILED",
			},
			resource: { "service.name": "clef-agent", "clef.source.type": "vcs" },
		});
		const child = { kind: 1, traceId: refresh?.traceId, parentSpanId: refresh?.spanId };
		expect([read, decrypt]).toMatchObject([
			{
				...child,
				name: "clef.refresh.read",
				status: 0,
				startedAt: AT - 250,
				endedAt: AT - 150,
				attributes: {},
			},
			{
				...child,
				name: "clef.refresh.decrypt",
				status: 2,
				startedAt: AT - 150,
				endedAt: AT,
				attributes: { "error.type": "DECRYPT_UNWRAP_FAILED" },
			},
		]);
		expect(receiver.spans).toHaveLength(3);
	});

	it("show a request as the child of the caller's span", async () => {
		const traceparent = `00-${TRACE}-${PARENT}-01`;
		expect(await spansAfter([{ ...REQUEST, traceparent, tracestate: "vendor=1" }])).toMatchObject([
			{
				name: "GET /v1/secrets/:key",
				kind: 2,
				traceId: TRACE,
				parentSpanId: PARENT,
				traceState: "vendor=1",
				status: 0,
				startedAt: AT,
				endedAt: AT + 12,
				attributes: {
					"http.route": "/v1/secrets/:key",
					"http.request.method": "GET",
					"http.response.status_code": 200,
				},
			},
		]);
	});

	it("read a request that works its fields out only when it is asked", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url, traces: true });
		await telemetry.metrics();
		telemetry.request(Object.create({ ...REQUEST, traceparent: `00-${TRACE}-${PARENT}-01` }));
		await telemetry.close(DEADLINE_MS);
		expect(receiver.spans).toMatchObject([{ traceId: TRACE, parentSpanId: PARENT }]);
	});

	it.each([
		["none", undefined],
		["zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
		["another version's length", `00-${TRACE}-${PARENT}-01-more`],
		["no context at all", "GET / HTTP/1.1"],
	])("begin a trace of their own when the caller's context is %s", async (_, traceparent) => {
		const [span] = await spansAfter([{ ...REQUEST, traceparent, tracestate: "vendor=1" }]);
		expect(span).toMatchObject({ parentSpanId: undefined, traceState: undefined });
		expect(span?.traceId).not.toBe(TRACE);
	});

	it("leave out a request that its caller does not sample", async () => {
		expect(await spansAfter([{ ...REQUEST, traceparent: `00-${TRACE}-${PARENT}-00` }])).toEqual([]);
	});

	it("are sampled as OTEL_TRACES_SAMPLER says", async () => {
		const sampled = { ...REQUEST, traceparent: `00-${TRACE}-${PARENT}-01` };
		expect(
			await spansAfter([REQUEST, sampled], { OTEL_TRACES_SAMPLER: "parentbased_always_off" }),
		).toHaveLength(1);
		expect(await spansAfter([REQUEST, sampled], { OTEL_TRACES_SAMPLER: "always_off" })).toEqual([]);
	});

	it("mark what the agent could not answer as failed", async () => {
		const spans = await spansAfter([
			{ ...REQUEST, status: 503 },
			{ ...REQUEST, status: 404 },
		]);
		expect(spans.map(({ status }) => status)).toEqual([2, 0]);
	});
});
