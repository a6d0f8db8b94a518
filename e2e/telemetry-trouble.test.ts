import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { type OtlpBehaviour, type OtlpReceiver, startOtlpReceiver } from "@clef-sh/testkit/otlp-receiver";
import { SELF_SIGNED } from "@clef-sh/testkit/self-signed";
import { behaviours, deadOrigin, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { lambdaStage } from "./lambda-stage.js";

const SECRETS = { KEY: "a-value-that-is-served" };
const PROMPT = {
	OTEL_BLRP_SCHEDULE_DELAY: "50",
	OTEL_METRIC_EXPORT_INTERVAL: "200",
	OTEL_METRIC_EXPORT_TIMEOUT: "200",
	OTEL_EXPORTER_OTLP_TIMEOUT: "300",
};

async function environment() {
	const source = await startServer(behaviours.ok(await sealArtifact({ secrets: SECRETS })));
	onTestFinished(() => source.close());
	return {
		CLEF_AGENT_SOURCE: source.url,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		...PROMPT,
	};
}

const warnings = (agent: AgentProcess) => agent.log.filter(({ event }) => event === "telemetry");

async function receiverThat(
	...behaviour: readonly [OtlpBehaviour, ...OtlpBehaviour[]]
): Promise<OtlpReceiver> {
	const receiver = await startOtlpReceiver();
	onTestFinished(() => receiver.close());
	receiver.respondWith(...behaviour);
	return receiver;
}

const troubles: readonly [string, () => Promise<string>][] = [
	["is down", () => deadOrigin()],
	["never answers", async () => (await receiverThat(behaviours.silence())).url],
	["answers 500", async () => (await receiverThat(behaviours.status(500))).url],
	["asks to wait", async () => (await receiverThat(behaviours.status(429, { "retry-after": "60" }))).url],
	["is none", async () => (await receiverThat(behaviours.status(404))).url],
	["hangs up", async () => (await receiverThat((_, response) => response.destroy())).url],
	[
		"has a certificate that nobody knows",
		async () => {
			const receiver = await startOtlpReceiver({ tls: SELF_SIGNED });
			onTestFinished(() => receiver.close());
			return receiver.url;
		},
	],
];

it.each(troubles)(
	"a collector that %s costs one warning, and neither an answer nor the stop",
	async (_, start) => {
		const url = await start();
		const agent = await AgentProcess.ready({
			...(await environment()),
			CLEF_AGENT_TELEMETRY_URL: `${url.replace("//", "//user:collector-password@")}/v1/logs?key=not-for-logs`,
			CLEF_AGENT_METRICS: "prometheus",
		});
		await eventually("a warning", () => warnings(agent).length > 0);
		await eventually("a dropped record", async () =>
			/^clef_telemetry_dropped_total [1-9]/m.test((await agent.get("/v1/metrics")).text),
		);
		expect(await agent.secrets()).toEqual(SECRETS);
		expect(warnings(agent)).toMatchObject([
			{
				level: "WARN",
				message: expect.stringMatching(/^telemetry cannot be delivered .*serving is not affected/),
			},
		]);
		expect(agent.stderr).not.toMatch(/not-for-logs|collector-password/);
		const { status, afterMs } = await agent.stop();
		expect(status).toBe(0);
		expect(afterMs).toBeLessThan(5_000);
	},
);

it("delivers again by itself when the collector is back, and says so", async () => {
	const receiver = await receiverThat(behaviours.status(503));
	const [first, second] = await Promise.all([1, 2].map((n) => sealArtifact({ revision: `r${n}` })));
	const source = await startServer(behaviours.ok(String(first)));
	onTestFinished(() => source.close());
	const agent = await AgentProcess.ready({
		...(await environment()),
		CLEF_AGENT_SOURCE: source.url,
		CLEF_AGENT_TELEMETRY_URL: receiver.url,
	});
	await eventually("a warning", () => warnings(agent).length > 0);
	receiver.respondWith("accept");
	source.respondWith(behaviours.ok(String(second)));
	agent.signal("SIGHUP");
	await agent.warned("telemetry", /delivered again/);
	expect(receiver.points.length + receiver.logs.length).toBeGreaterThan(0);
});

it("D40 is flushed in Lambda before the environment may freeze, and at its end", async () => {
	const receiver = await receiverThat("accept");
	const { runtime, invoke, shutdown } = await lambdaStage({
		...(await environment()),
		CLEF_AGENT_TELEMETRY_URL: receiver.url,
		// Nothing is sent by a timer.
		OTEL_BLRP_SCHEDULE_DELAY: "3600000",
		OTEL_METRIC_EXPORT_INTERVAL: "3600000",
	});
	expect(await invoke()).toEqual(SECRETS);
	// The extension has asked for the next event, and so it has been sent.
	expect(receiver.logs.map(({ body }) => body)).toEqual(["agent.started", "artifact.refreshed"]);
	await runtime.waiting();
	expect(await shutdown()).toMatchObject({ status: 0 });
	expect(receiver.logs.at(-1)?.body).toBe("agent.stopped");
	expect(receiver.points.some(({ metric }) => metric === "http.server.request.duration")).toBe(true);
});

it("D40 does not keep Lambda waiting for a collector that is silent", async () => {
	const receiver = await receiverThat(behaviours.silence());
	const { invoke, shutdown } = await lambdaStage({
		...(await environment()),
		CLEF_AGENT_TELEMETRY_URL: receiver.url,
	});
	expect(await invoke()).toEqual(SECRETS);
	expect(await shutdown()).toMatchObject({ status: 0, signal: null });
});
