import { sealArtifact, sealFields } from "@clef-sh/testkit/artifacts";
import { type OtlpReceiver, startOtlpReceiver } from "@clef-sh/testkit/otlp-receiver";
import { startProxy } from "@clef-sh/testkit/proxy-server";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { itWith } from "./part.js";
import { faketime, steeredClock } from "./steered-clock.js";

const SECRETS = { DB_PASSWORD: "a-password-that-never-leaves", CLEF_TELEMETRY_TOKEN: "collector-token-one" };
const packedAt = (minute: number): string => `2026-11-22T04:${String(minute).padStart(2, "0")}:00.000Z`;
const sealed = (minute: number, more = {}) =>
	sealArtifact({ revision: `r${minute}`, packedAt: packedAt(minute), secrets: SECRETS, ...more });

interface StageOptions {
	readonly env?: Readonly<Record<string, string>>;
	readonly artifact?: Uint8Array;
}

/** An agent that reads its artifact from a server and tells a collector. */
async function stage({ env = {}, artifact }: StageOptions = {}) {
	const receiver = await startOtlpReceiver();
	onTestFinished(() => receiver.close());
	const first = artifact ?? (await sealed(1));
	const source = await startServer(behaviours.ok(first));
	onTestFinished(() => source.close());
	const agent = await AgentProcess.listening({
		CLEF_AGENT_SOURCE: `${source.url}/artifact?sig=not-for-telemetry`,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_IDENTITY: "api-gateway",
		CLEF_AGENT_ENVIRONMENT: "production",
		CLEF_AGENT_ID: "pod-1",
		CLEF_AGENT_TELEMETRY_URL: receiver.url,
		OTEL_BLRP_SCHEDULE_DELAY: "50",
		OTEL_METRIC_EXPORT_INTERVAL: "200",
		OTEL_METRIC_EXPORT_TIMEOUT: "200",
		...env,
	});
	onTestFinished(() => assertNothingLeft(receiver, agent));
	return { agent, receiver, source };
}

/** No value, token or query in anything that left, and nothing that the schema does not know. */
function assertNothingLeft({ logs, points, spans, violations }: OtlpReceiver, agent: AgentProcess): void {
	expect(violations).toEqual([]);
	const left = JSON.stringify([logs, points, spans]) + agent.stderr;
	for (const secret of [SECRETS.DB_PASSWORD, "collector-token", "not-for-telemetry", TOKEN, "DB_PASSWORD"])
		expect(left).not.toContain(secret);
}

function told(receiver: OtlpReceiver, event: string) {
	return eventually(`${event} at the collector, which has ${receiver.logs.map(({ body }) => body)}`, () =>
		receiver.logs.find(({ body }) => body === event),
	);
}

describe.each(["300", "0"])("at a TTL of %s", (CLEF_AGENT_CACHE_TTL) => {
	itWith(faketime)("tells the collector every event, as the contract has them", async () => {
		const clock = steeredClock("all");
		const { agent, receiver, source } = await stage({ env: { CLEF_AGENT_CACHE_TTL, ...clock.env } });
		const next = async (behaviour: ReturnType<typeof behaviours.ok>, event: string) => {
			source.respondWith(behaviour);
			agent.signal("SIGHUP");
			return told(receiver, event);
		};
		await told(receiver, "artifact.refreshed");
		const forged = { ...(await sealFields({ revision: "r2", packedAt: packedAt(2) })), revision: "forged" };
		await next(behaviours.ok(JSON.stringify(forged)), "artifact.invalid");
		await next(behaviours.status(503), "fetch.failed");
		clock.leap(3_600_000);
		await agent.get("/v1/secrets");
		await told(receiver, "cache.expired");
		const expiresAt = new Date(clock.now() + 600_000).toISOString();
		source.respondWith(behaviours.ok(await sealed(3, { expiresAt })));
		agent.signal("SIGHUP");
		await agent.logged("artifact.refreshed", { revision: "r3" });
		clock.leap(1_200_000);
		await agent.get("/v1/secrets");
		await told(receiver, "artifact.expired");
		await next(behaviours.ok('{"revokedAt":"2026-11-22T04:40:00.000Z"}'), "artifact.revoked");
		expect(await agent.stop()).toMatchObject({ status: 0 });

		const resource = {
			"service.name": "clef-agent",
			"service.version": expect.stringMatching(/^\d+\.\d+\.\d+/),
			"clef.agent.id": "pod-1",
			"clef.identity": "api-gateway",
			"clef.environment": "production",
			"clef.source.type": "http",
		};
		const shape = (event: string, severityText: string, attributes = {}) =>
			expect.objectContaining({
				resource: expect.objectContaining(resource),
				eventName: `clef.${event}`,
				body: event,
				severityText,
				attributes: expect.objectContaining({ "event.name": `clef.${event}`, ...attributes }),
			});
		const seen = new Map(receiver.logs.map((record) => [String(record.body), record]));
		expect([...seen.keys()].sort()).toEqual(
			"agent.started agent.stopped artifact.expired artifact.invalid artifact.refreshed artifact.revoked cache.expired fetch.failed".split(
				" ",
			),
		);
		expect([...seen.values()]).toEqual(
			expect.arrayContaining([
				shape("agent.started", "INFO", { "clef.version": resource["service.version"] }),
				shape("artifact.refreshed", "INFO", { "clef.revision": "r3", "clef.kmsEnvelope": false }),
				shape("artifact.invalid", "ERROR", { "clef.reason": "signature_invalid" }),
				shape("fetch.failed", "WARN", { "clef.error": expect.stringMatching(/503/) }),
				shape("cache.expired", "ERROR", { "clef.cacheTtlSeconds": 300 }),
				shape("artifact.expired", "WARN", { "clef.revision": "r3", "clef.expiresAt": expiresAt }),
				shape("artifact.revoked", "WARN", { "clef.revokedAt": "2026-11-22T04:40:00.000Z" }),
				shape("agent.stopped", "INFO", { "clef.uptimeSeconds": expect.any(Number) }),
			]),
		);
	});
});

describe("headers", () => {
	it("come from the packed secrets, and follow their rotation", async () => {
		const { agent, receiver, source } = await stage();
		await told(receiver, "artifact.refreshed");
		expect(receiver.requests[0]?.headers.authorization).toBe("Bearer collector-token-one");
		source.respondWith(
			behaviours.ok(await sealed(2, { secrets: { CLEF_TELEMETRY_HEADERS: "x-tenant=acme,x-key=two" } })),
		);
		agent.signal("SIGHUP");
		await eventually("the new headers", () =>
			receiver.requests.find(({ headers }) => headers["x-tenant"] === "acme" && headers["x-key"] === "two"),
		);
		expect(receiver.requests.at(-1)?.headers.authorization).toBeUndefined();
	});

	it("are waited for: what failed before the first fetch is told once they are known", async () => {
		const { agent, receiver, source } = await stage({ artifact: Buffer.from("<html>") });
		await agent.logged("artifact.invalid");
		const good = await sealed(1);
		source.respondWith(behaviours.ok(good));
		agent.signal("SIGHUP");
		await told(receiver, "artifact.refreshed");
		expect(receiver.logs.map(({ body }) => body).slice(0, 3)).toEqual([
			"agent.started",
			"artifact.invalid",
			"artifact.refreshed",
		]);
		for (const { headers } of receiver.requests)
			expect(headers.authorization).toBe("Bearer collector-token-one");
	});

	it("with a line break are left out and said, without what they hold", async () => {
		const secrets = { CLEF_TELEMETRY_TOKEN: "broken\r\nx-evil: 1" };
		const { agent, receiver } = await stage({ artifact: await sealed(1, { secrets }) });
		await told(receiver, "artifact.refreshed");
		expect(receiver.requests[0]?.headers).not.toHaveProperty("x-evil");
		const warning = await agent.warned("telemetry", /CLEF_TELEMETRY_TOKEN/);
		expect(warning.message).not.toMatch(/broken|x-evil/);
	});
});

describe("metrics", () => {
	/** The latest value of each point of a metric, by one of its attributes. */
	function latest({ points }: OtlpReceiver, metric: string, by: string): Record<string, number> {
		const found = points.filter((point) => point.metric === metric);
		return Object.fromEntries(
			found.map(({ attributes, count, value }) => [String(attributes[by]), count ?? value]),
		);
	}

	it("agree with what was driven, at the collector and for Prometheus", async () => {
		const { agent, receiver } = await stage({ env: { CLEF_AGENT_METRICS: "prometheus" } });
		await agent.serves({ DB_PASSWORD: SECRETS.DB_PASSWORD });
		for (let n = 0; n < 7; n += 1) await agent.get("/v1/secrets/DB_PASSWORD");
		await agent.get("/v1/secrets/DB_PASSWORD", { authorization: "Bearer wrong-token" });
		await agent.get("/nowhere/at-all");
		const { status, text, headers } = await agent.get("/v1/metrics");
		expect([status, headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
		const count = (route: string, code: number) =>
			`http_server_request_duration_seconds_count{http_route="${route}",http_request_method="GET",http_response_status_code="${code}"}`;
		expect(text).toContain(`${count("/v1/secrets/:key", 200)} 7`);
		expect(text).toContain(`${count("/v1/secrets/:key", 401)} 1`);
		expect(text).toMatch(
			/^http_server_request_duration_seconds_count\{http_request_method="GET",http_response_status_code="404"\} 1$/m,
		);
		expect(text).toMatch(/^clef_refresh_duration_seconds_count\{[^}]*outcome="replaced"\} 1$/m);
		expect(text).toMatch(/^clef_decrypt_duration_seconds_count\{clef_encryption="age"\} 1$/m);
		expect(text).toContain('clef_cache_state{clef_state="ready"} 1');
		expect(text).not.toContain("DB_PASSWORD");

		await eventually("the same at the collector", () => {
			const byStatus = latest(receiver, "http.server.request.duration", "http.response.status_code");
			return byStatus["401"] === 1 && byStatus["404"] === 1;
		});
		expect(latest(receiver, "clef.refresh.duration", "clef.refresh.outcome")).toMatchObject({ replaced: 1 });
		expect(latest(receiver, "clef.cache.state", "clef.state")).toMatchObject({ ready: 1, revoked: 0 });
		expect(latest(receiver, "clef.telemetry.dropped", "none")).toEqual({ undefined: 0 });
	});

	it("are for whoever has the token, and only where they are wanted", async () => {
		const { agent } = await stage({
			env: { CLEF_AGENT_METRICS: "prometheus", CLEF_AGENT_TELEMETRY_URL: "" },
		});
		expect((await agent.get("/v1/metrics")).status).toBe(200);
		expect((await agent.get("/v1/metrics", { authorization: "Bearer none" })).status).toBe(401);
		const { agent: without } = await stage();
		expect((await without.get("/v1/metrics")).status).toBe(404);
	});
});

it("traces refreshes with their steps, and requests under their caller's trace", async () => {
	const { agent, receiver } = await stage({
		env: { OTEL_TRACES_EXPORTER: "otlp", OTEL_BSP_SCHEDULE_DELAY: "50" },
	});
	await agent.serves({ DB_PASSWORD: SECRETS.DB_PASSWORD });
	const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	await agent.get("/v1/secrets/DB_PASSWORD", { traceparent });
	const request = await eventually("the request's span", () =>
		receiver.spans.find(({ name }) => name === "GET /v1/secrets/:key"),
	);
	expect(request).toMatchObject({
		traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
		parentSpanId: "00f067aa0ba902b7",
	});
	const refresh = receiver.spans.find(({ name }) => name === "clef.refresh");
	const steps = receiver.spans.filter(({ parentSpanId }) => parentSpanId === refresh?.spanId);
	expect(steps.map(({ name }) => name)).toEqual([
		"clef.refresh.read",
		"clef.refresh.verify",
		"clef.refresh.decrypt",
	]);
});

it("goes where OpenTelemetry's own variables say, as JSON in gzip, with no variable of ours", async () => {
	const { receiver } = await stage({
		env: { CLEF_AGENT_TELEMETRY_URL: "", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
	});
	const other = await startOtlpReceiver();
	onTestFinished(() => other.close());
	await stage({
		env: {
			CLEF_AGENT_TELEMETRY_URL: "",
			OTEL_EXPORTER_OTLP_ENDPOINT: other.url,
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
			OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
			OTEL_SERVICE_NAME: "renamed",
		},
	});
	const { resource } = await told(other, "artifact.refreshed");
	expect(resource).toMatchObject({ "service.name": "renamed" });
	// Metrics may be sooner.
	expect(other.requests.find(({ path }) => path === "/v1/logs")).toMatchObject({
		headers: { "content-type": "application/json", "content-encoding": "gzip" },
	});
	expect(other.violations).toEqual([]);
	expect(receiver.requests).toEqual([]);
});

it("leaves through the proxy that the environment names", async () => {
	const receiver = await startOtlpReceiver();
	const proxy = await startProxy({ "collector.example": Number(new URL(receiver.url).port) });
	onTestFinished(async () => {
		await Promise.all([proxy.close(), receiver.close()]);
	});
	const { agent } = await stage({
		env: {
			CLEF_AGENT_TELEMETRY_URL: "http://collector.example:4318",
			HTTP_PROXY: proxy.url,
			NO_PROXY: "127.0.0.1",
		},
	});
	await told(receiver, "artifact.refreshed");
	expect(proxy.requests.map(({ target }) => target)).toContain("http://collector.example:4318/v1/logs");
	expect(agent.log.filter(({ event }) => event === "telemetry")).toEqual([]);
});
