import { createAgent } from "@clef-sh/core";
import { configFromEnvironment } from "@clef-sh/core/env";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { startOtlpReceiver } from "@clef-sh/testkit/otlp-receiver";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { EventLog } from "../src/event-log.js";
import { createLog } from "../src/log.js";
import { sinks, startTelemetry } from "../src/start-telemetry.js";
import { capturedIo } from "./captured-io.js";

const EXPIRES_AT = "2026-11-22T06:00:00.000Z";

/** Telemetry of an agent over a scripted source, as the environment says. */
async function stage(env: Record<string, string>) {
	const clock = new ManualClock();
	const io = { ...capturedIo({ env: { CLEF_AGENT_SOURCE: "a.json", ...env } }), now: clock.now };
	const config = configFromEnvironment(io.env, () => "");
	const log = createLog(io.stderr, { level: "info", format: "json" });
	const known: { agent?: Awaited<ReturnType<typeof createAgent>> } = {};
	const telemetry = await startTelemetry({ config, fetch, io, log, agent: () => known.agent });
	onTestFinished(async () => telemetry?.close(0));
	const start = async () => {
		known.agent = await createAgent({
			source: new ScriptedSource(await sealArtifact({ expiresAt: EXPIRES_AT })),
			decryptor: { ageIdentities: vectorKeys.ageSecretKey },
			clock,
			firstLoad: "background",
			...sinks(new EventLog(log, () => null), telemetry),
		});
		await known.agent.refreshIfDue();
		return known.agent;
	};
	return { clock, io, start, telemetry };
}

it.each([
	{},
	{ OTEL_LOGS_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "" },
	{ OTEL_SERVICE_NAME: "api", OTEL_EXPORTER_OTLP_HEADERS: "a=b" },
])("is not there unless something asks for it: %o", async (env) => {
	expect((await stage(env)).telemetry).toBeUndefined();
});

it.each([
	{ CLEF_AGENT_METRICS: "prometheus" },
	{ CLEF_AGENT_TELEMETRY_URL: "http://127.0.0.1:9" },
	{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://127.0.0.1:9" },
	{ OTEL_LOGS_EXPORTER: "otlp" },
])("is there for %o", async (env) => {
	expect((await stage(env)).telemetry).toBeDefined();
});

it("shows the agent as it is, also before there is one and after its end", async () => {
	const { clock, start, telemetry } = await stage({ CLEF_AGENT_METRICS: "prometheus" });
	const text = async () => (await telemetry?.metrics()) ?? "";
	expect(await text()).toContain('clef_cache_state{clef_state="not_loaded"} 1');
	expect(await text()).not.toContain("clef_snapshot");
	const agent = await start();
	clock.freeze(60_000);
	expect(await text()).toContain("clef_snapshot_age_seconds 60\n");
	expect(await text()).toContain("clef_snapshot_time_to_expiry_seconds 3540\n");
	expect(await text()).toContain("clef_cache_ttl_seconds 300\n");
	expect(await text()).toContain('clef_cache_state{clef_state="ready"} 1');
	await agent.close();
	expect(await text()).toContain('clef_cache_state{clef_state="not_loaded"} 1');
});

it("tells the log and telemetry of what happens, and telemetry alone of what is measured", async () => {
	const { io, start, telemetry } = await stage({ CLEF_AGENT_METRICS: "prometheus" });
	await start();
	expect(io.err()).toContain('"event":"artifact.refreshed"');
	expect(io.err()).not.toContain("refresh.finished");
	expect(await telemetry?.metrics()).toMatch(/clef_refresh_duration_seconds_count\{.*"replaced"\} 1/);
});

it("takes headers from the secrets once they can be opened", async () => {
	const receiver = await startOtlpReceiver();
	onTestFinished(() => receiver.close());
	const { start, telemetry } = await stage({
		CLEF_AGENT_TELEMETRY_URL: receiver.url,
		CLEF_AGENT_ID: "pod-1",
		OTEL_BLRP_SCHEDULE_DELAY: "1",
	});
	const agent = await start();
	await settle();
	await receiver.until(() => receiver.logs.length >= 2);
	expect(receiver.logs[0]?.resource).toMatchObject({ "clef.agent.id": "pod-1" });
	await agent.close();
	await telemetry?.close(5_000);
	expect(receiver.logs.at(-1)?.body).toBe("agent.stopped");
});

it("says in the log what is wrong with the collector", async () => {
	const { io, start, telemetry } = await stage({
		CLEF_AGENT_TELEMETRY_URL: "http://127.0.0.1:9/?key=not-for-logs",
		OTEL_BLRP_SCHEDULE_DELAY: "1",
	});
	await start();
	await io.errMatching(/"event":"telemetry"/);
	expect(io.err()).not.toContain("not-for-logs");
	await telemetry?.close(0);
});
