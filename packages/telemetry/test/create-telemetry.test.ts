import { readdirSync, readFileSync } from "node:fs";
import type { Secrets } from "@clef-sh/core";
import { behaviours } from "@clef-sh/testkit/servers";
import { describe, expect, it, vi } from "vitest";
import { AT, EVENTS, LOGGED } from "./events.js";
import { DEADLINE_MS, PROMPT, receive, subject } from "./harness.js";
import { secretsOf } from "./secrets.js";

const STARTED = EVENTS["agent.started"];
const REFRESHED = EVENTS["artifact.refreshed"];
const FAILED = EVENTS["fetch.failed"];

describe("log records", () => {
	it.each([
		["protobuf", {}],
		["protobuf in gzip", { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }],
		["JSON", { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }],
		[
			"JSON in gzip",
			{ OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "gzip" },
		],
	])("arrive as contract §5 has them, as %s", async (_, env) => {
		const receiver = await receive();
		const options = { url: receiver.url, identity: "api", environment: "prod", env: { ...PROMPT, ...env } };
		const { telemetry, problems } = subject(options);
		for (const event of Object.values(EVENTS)) telemetry.write(event);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.violations).toEqual([]);
		expect(problems).toEqual([]);
		expect(receiver.logs.map(({ eventName }) => eventName)).toEqual(
			Object.keys(EVENTS)
				.filter((name) => LOGGED.some((logged) => logged === name))
				.map((name) => `clef.${name}`),
		);
		expect(receiver.logs.find(({ body }) => body === "artifact.refreshed")).toEqual({
			resource: {
				"service.name": "clef-agent",
				"service.version": "1.2.3",
				"service.instance.id": "agent-1",
				"clef.agent.id": "agent-1",
				"clef.identity": "api",
				"clef.environment": "prod",
				"clef.source.type": "vcs",
				"telemetry.sdk.language": "nodejs",
				"telemetry.sdk.name": "opentelemetry",
				"telemetry.sdk.version": "2.12.0",
			},
			scope: "@clef-sh/telemetry",
			eventName: "clef.artifact.refreshed",
			severityNumber: 9,
			severityText: "INFO",
			body: "artifact.refreshed",
			at: AT,
			attributes: {
				"event.name": "clef.artifact.refreshed",
				"clef.revision": "r1",
				"clef.keyCount": 3,
				"clef.kmsEnvelope": true,
				"clef.expiresAt": "2026-12-20T00:00:00.000Z",
			},
		});
		expect(telemetry.dropped).toBe(0);
	});

	it("carry the severities as OpenTelemetry numbers them", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url });
		for (const name of LOGGED) telemetry.write(EVENTS[name]);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.logs.map(({ severityNumber, severityText }) => [severityNumber, severityText])).toEqual([
			[9, "INFO"],
			[9, "INFO"],
			[9, "INFO"],
			[13, "WARN"],
			[13, "WARN"],
			[17, "ERROR"],
			[13, "WARN"],
			[17, "ERROR"],
		]);
	});

	it("let OpenTelemetry's variables name the service and more", async () => {
		const receiver = await receive();
		const env = {
			...PROMPT,
			OTEL_SERVICE_NAME: "billing-secrets",
			OTEL_RESOURCE_ATTRIBUTES: "service.name=no,service.version=9,team=blue",
		};
		const { telemetry } = subject({ url: receiver.url, env });
		telemetry.write(STARTED);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.logs[0]?.resource).toMatchObject({
			"service.name": "billing-secrets",
			"service.version": "9",
			team: "blue",
		});
	});

	it("go to the full path too, and say who sends them", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: `${receiver.url}/v1/logs` });
		telemetry.write(STARTED);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.logs).toHaveLength(1);
		expect(receiver.requests[0]?.headers["user-agent"]).toBe("clef-agent/1.2.3");
	});

	it("hold no long text whole", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url });
		telemetry.write({ ...FAILED, error: "x".repeat(100_000) });
		await telemetry.close(DEADLINE_MS);
		expect(String(receiver.logs[0]?.attributes["clef.error"])).toHaveLength(4096);
	});
});

describe("departure", () => {
	it("waits for the headers in the packed secrets, and takes what happened before along", async () => {
		const receiver = await receive();
		let packed: Secrets | undefined;
		const { telemetry } = subject({ url: receiver.url, secrets: async () => packed });
		telemetry.write(STARTED);
		telemetry.write(FAILED);
		await telemetry.metrics();
		packed = await secretsOf({ otel: { CLEF_TELEMETRY_TOKEN: "first" } });
		expect(receiver.requests).toEqual([]);
		telemetry.write(REFRESHED);
		await receiver.until(() => receiver.logs.length === 3);
		expect(receiver.requests.map(({ headers }) => headers.authorization)).not.toContain(undefined);
		expect(receiver.logs.map(({ body }) => body)).toEqual([
			"agent.started",
			"fetch.failed",
			"artifact.refreshed",
		]);
		expect(receiver.logs[0]?.resource["clef.source.type"]).toBe("vcs");
	});

	it("uses a rotated header from the next export on", async () => {
		const receiver = await receive();
		let packed = await secretsOf({ CLEF_TELEMETRY_HEADERS: "authorization=Bearer one,x-tenant=a" });
		const env = { ...PROMPT, OTEL_EXPORTER_OTLP_HEADERS: "X-Tenant=env,x-zone=z" };
		const { telemetry } = subject({ url: receiver.url, secrets: async () => packed, env });
		await telemetry.metrics();
		telemetry.write(REFRESHED);
		await receiver.until(() => receiver.logs.length === 1);
		packed = await secretsOf({ CLEF_TELEMETRY_TOKEN: "two" });
		telemetry.write(EVENTS["artifact.restored"]);
		await Promise.resolve();
		telemetry.write(FAILED);
		await receiver.until(() => receiver.logs.length === 2);
		const sent = receiver.requests.map(({ headers }) => [
			headers.authorization,
			headers["x-tenant"],
			headers["x-zone"],
		]);
		expect(sent).toEqual([
			["Bearer one", "a", "z"],
			["Bearer two", "env", "z"],
		]);
	});

	it("goes without headers after 30 s when the source stays down", async () => {
		const receiver = await receive();
		const { telemetry, clock } = subject({ url: receiver.url });
		telemetry.write(STARTED);
		telemetry.write(FAILED);
		await telemetry.metrics();
		await clock.advance(29_999);
		expect(receiver.requests).toEqual([]);
		await clock.advance(1);
		await receiver.until(() => receiver.logs.length === 2);
		expect(receiver.requests[0]?.headers.authorization).toBeUndefined();
	});

	it("does not show a header that cannot be sent, and sends without it", async () => {
		const receiver = await receive();
		const packed = await secretsOf({ CLEF_TELEMETRY_TOKEN: "a\r\nx: y" });
		const { telemetry, problems } = subject({ url: receiver.url, secrets: async () => packed });
		await telemetry.metrics();
		telemetry.write(REFRESHED);
		await receiver.until(() => receiver.logs.length === 1);
		expect(problems).toEqual([
			"telemetry leaves a header of CLEF_TELEMETRY_TOKEN out: it is not one that can be sent",
		]);
		expect(receiver.requests[0]?.headers.authorization).toBeUndefined();
	});
});

describe("createTelemetry", () => {
	it("imports OpenTelemetry in one folder alone, which is loaded later", () => {
		const sources = new URL("../src/", import.meta.url);
		const files = readdirSync(sources).filter((name) => name.endsWith(".ts"));
		const imports = files.flatMap((name) => [
			...readFileSync(new URL(name, sources), "utf8").matchAll(
				/(?:from |import\()"(?:@opentelemetry|\.\/sdk)[^"]*"/g,
			),
		]);
		expect(imports.map(([text]) => text)).toEqual(['import("./sdk/create-pipeline.js"']);
	});

	it("does nothing when OpenTelemetry is disabled, and says nothing", async () => {
		const receiver = await receive();
		const env = { OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
		const { telemetry, problems } = subject({ url: receiver.url, env, prometheus: true });
		telemetry.write(STARTED);
		telemetry.request({ route: "/v1/keys", method: "GET", status: 200, startedAt: AT, durationMs: 1 });
		expect(await telemetry.metrics()).toBe("");
		await telemetry.close(DEADLINE_MS);
		expect(receiver.requests).toEqual([]);
		expect(problems).toEqual([]);
		expect(telemetry.dropped).toBe(0);
	});

	it.each([
		["OpenTelemetry is disabled", { url: "http://127.0.0.1:9", env: { OTEL_SDK_DISABLED: "true" } }],
		["there is nobody to tell", {}],
		["metrics are only asked for", { prometheus: true }],
	])("reads no secrets when %s", async (_, options) => {
		const secrets = vi.fn(async () => undefined);
		const { telemetry } = subject({ ...options, secrets });
		telemetry.write(STARTED);
		telemetry.write(REFRESHED);
		await telemetry.metrics();
		await telemetry.close(DEADLINE_MS);
		expect(secrets).not.toHaveBeenCalled();
		expect(telemetry.dropped).toBe(0);
	});

	it("says that it cannot deliver when the URL is none, and nothing else happens", async () => {
		const { telemetry, problems } = subject({ url: "collector:4318" });
		telemetry.write(STARTED);
		await telemetry.close(DEADLINE_MS);
		expect(problems).toEqual([
			"telemetry cannot be delivered (its URL is not an http or https URL); serving is not affected",
		]);
	});

	it("keeps as many events as the queue has room for until OpenTelemetry is loaded", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url, env: { ...PROMPT, OTEL_BLRP_MAX_QUEUE_SIZE: "3" } });
		for (let count = 0; count < 5; count += 1) telemetry.write(FAILED);
		telemetry.write(EVENTS["refresh.finished"]);
		telemetry.request({ route: "/v1/keys", method: "GET", status: 200, startedAt: AT, durationMs: 1 });
		expect(telemetry.dropped).toBe(2);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.logs).toHaveLength(3);
		expect(telemetry.dropped).toBe(2);
	});

	it("keeps no more than the queue has room for afterwards either", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url, env: { ...PROMPT, OTEL_BLRP_MAX_QUEUE_SIZE: "3" } });
		await telemetry.metrics();
		for (let count = 0; count < 5; count += 1) telemetry.write(FAILED);
		expect(telemetry.dropped).toBe(2);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.logs).toHaveLength(3);
	});

	it("never throws, even at an event that cannot be read", async () => {
		const { telemetry } = subject({ url: "http://127.0.0.1:9" });
		const broken = Object.defineProperty({ ...FAILED }, "event", {
			get: () => {
				throw new TypeError("unreadable");
			},
		});
		expect(() => telemetry.write(broken)).not.toThrow();
		expect(telemetry.dropped).toBe(1);
	});

	it("survives a sink for problems that throws", async () => {
		const warn = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
		subject({
			url: "nonsense",
			onProblem: () => {
				throw new TypeError("no sink");
			},
		});
		subject({
			url: "nonsense",
			onProblem: () => {
				throw "no sink";
			},
		});
		expect(warn.mock.calls.map(([, options]) => options)).toEqual([
			{ code: "CLEF_PROBLEM_SINK", detail: "TypeError" },
			{ code: "CLEF_PROBLEM_SINK", detail: "string" },
		]);
	});
});

describe("close", () => {
	it("sends what is left, at once and without headers if there are none yet", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url, env: {} });
		telemetry.write(STARTED);
		telemetry.write(EVENTS["agent.stopped"]);
		await Promise.all([telemetry.close(DEADLINE_MS), telemetry.close(DEADLINE_MS)]);
		expect(receiver.logs.map(({ body }) => body)).toEqual(["agent.started", "agent.stopped"]);
	});

	it("gives up at the deadline, and counts what did not leave", async () => {
		const receiver = await receive();
		receiver.respondWith(behaviours.silence());
		const { telemetry, clock, problems } = subject({ url: receiver.url, env: {} });
		telemetry.write(STARTED);
		telemetry.write(FAILED);
		const closing = telemetry.close(1000);
		await receiver.until(() => receiver.requests.some(({ path }) => path === "/v1/logs"));
		await clock.advance(1000);
		await closing;
		expect(telemetry.dropped).toBe(2);
		expect(problems).toEqual([]);
	});

	it("counts what happens afterwards as dropped", async () => {
		const receiver = await receive();
		const { telemetry } = subject({ url: receiver.url });
		await telemetry.close(DEADLINE_MS);
		telemetry.write(FAILED);
		telemetry.write(EVENTS["kms.called"]);
		expect(telemetry.dropped).toBe(1);
	});
});

describe("flush()", () => {
	it("sends what waits, and nothing when nothing does", async () => {
		const receiver = await receive();
		const env = { OTEL_BLRP_SCHEDULE_DELAY: "3600000", OTEL_TRACES_EXPORTER: "otlp" };
		const secrets = await secretsOf({ KEY: "value" });
		const { telemetry } = subject({ url: receiver.url, env, secrets: async () => secrets });
		telemetry.write(STARTED);
		telemetry.write(REFRESHED);
		telemetry.write(EVENTS["refresh.finished"]);
		// Answers once OpenTelemetry is loaded.
		await telemetry.metrics();
		await telemetry.flush(DEADLINE_MS);
		expect(receiver.logs.map(({ body }) => body)).toEqual(["agent.started", "artifact.refreshed"]);
		expect(receiver.spans.length).toBeGreaterThan(0);
		const requests = receiver.requests.length;
		await telemetry.flush(DEADLINE_MS);
		expect(receiver.requests.length).toBe(requests);
	});

	it("does not wait for a collector that is silent beyond the deadline", async () => {
		const receiver = await receive();
		receiver.respondWith(behaviours.silence());
		const secrets = await secretsOf({ KEY: "value" });
		const { telemetry, clock } = subject({
			url: receiver.url,
			secrets: async () => secrets,
			env: { OTEL_BLRP_SCHEDULE_DELAY: "3600000" },
		});
		telemetry.write(STARTED);
		telemetry.write(REFRESHED);
		await telemetry.metrics();
		const flushing = telemetry.flush(250);
		await clock.advance(250);
		await flushing;
		expect(receiver.logs).toEqual([]);
	});
});
