import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { beforeEach, describe, expect, it } from "vitest";
import { BufferedTelemetry, type LoadPipeline } from "../src/buffered-telemetry.js";
import type { Pipeline, PipelineOptions } from "../src/pipeline.js";
import type { HandledRequest } from "../src/telemetry.js";
import { AT, EVENTS } from "./events.js";

const REQUEST: HandledRequest = {
	route: "/v1/keys",
	method: "GET",
	status: 200,
	startedAt: AT,
	durationMs: 1,
};

let clock: ManualClock;
let problems: string[];
let piped: unknown[];
let made: PipelineOptions[];
let finishLoading: () => void;
let loads: number;

beforeEach(() => {
	clock = new ManualClock();
	problems = [];
	piped = [];
	made = [];
	loads = 0;
});

const pipeline: Pipeline = {
	write: (event) => piped.push(event.event),
	request: ({ route }) => piped.push(route),
	metrics: async () => "text",
	flush: async () => void piped.push("flushed"),
	close: async () => void piped.push("closed"),
	giveUp: () => piped.push("given up"),
};

const createPipeline = (options: PipelineOptions): Pipeline => {
	made.push(options);
	return pipeline;
};

/** Until {@link finishLoading} is called. */
const loading: LoadPipeline = () =>
	new Promise((resolve) => {
		loads += 1;
		finishLoading = () => resolve({ createPipeline });
	});

function start(load: LoadPipeline, env: Record<string, string> = {}): BufferedTelemetry {
	return new BufferedTelemetry(
		{
			url: "http://127.0.0.1:9",
			serviceVersion: "1",
			instanceId: "i",
			env,
			secrets: async () => undefined,
			observe: () => ({ state: "ready", ageSeconds: 1, expiresInSeconds: 1, ttlSeconds: 300 }),
			onProblem: (sentence) => problems.push(sentence),
			clock,
		},
		load,
	);
}

describe("BufferedTelemetry", () => {
	it("passes on what it kept, in order, and then what it is told", async () => {
		const telemetry = start(loading);
		telemetry.write(EVENTS["agent.started"]);
		telemetry.request(REQUEST);
		await clock.advance(2000);
		expect(piped).toEqual([]);
		finishLoading();
		await settle();
		telemetry.write(EVENTS["kms.called"]);
		telemetry.request(REQUEST);
		expect(piped).toEqual(["agent.started", "/v1/keys", "kms.called", "/v1/keys"]);
		expect(await telemetry.metrics()).toBe("text");
		await telemetry.close(1);
		expect(piped.slice(4)).toEqual(["closed", "given up"]);
		expect(clock.pendingTimers).toBe(0);
	});

	it("loads nothing while the agent starts, and then soon after its first refresh, however that ended", async () => {
		const telemetry = start(loading);
		telemetry.write(EVENTS["agent.started"]);
		await clock.advance(1000);
		telemetry.write({ ...EVENTS["refresh.finished"], outcome: "kept" });
		await clock.advance(30);
		telemetry.write(EVENTS["refresh.finished"]); // another one puts nothing off
		await clock.advance(19);
		expect(loads).toBe(0);
		await clock.advance(1);
		expect(loads).toBe(1);
		finishLoading();
		await settle();
		telemetry.write(EVENTS["refresh.finished"]);
		await clock.advance(10_000);
		expect([loads, piped.length]).toEqual([1, 4]);
		await telemetry.close(1);
		expect(clock.pendingTimers).toBe(0);
	});

	it("loads after two seconds when no refresh has ended by then, or nobody tells", async () => {
		const telemetry = start(loading);
		await clock.advance(1999);
		expect(loads).toBe(0);
		await clock.advance(1);
		expect(loads).toBe(1);
		telemetry.write(EVENTS["refresh.finished"]); // while it is being loaded
		await clock.advance(50);
		finishLoading();
		await settle();
		expect([loads, piped]).toEqual([1, ["refresh.finished"]]);
		await telemetry.close(1);
		expect(clock.pendingTimers).toBe(0);
	});

	it("loads at once when metrics are asked for, once for all who ask", async () => {
		const telemetry = start(loading);
		const asked = [telemetry.metrics(), telemetry.metrics()];
		finishLoading();
		expect(await Promise.all(asked)).toEqual(["text", "text"]);
		await clock.advance(2000);
		expect(loads).toBe(1);
		await telemetry.close(1);
	});

	it("flushes what was told before it was loaded, and waits no longer than it may", async () => {
		const telemetry = start(loading);
		telemetry.write(EVENTS["agent.started"]);
		const late = telemetry.flush(500);
		await clock.advance(500);
		await late;
		expect(piped).toEqual([]);
		const flushing = telemetry.flush(500);
		finishLoading();
		await flushing;
		expect(piped.slice(0, 2)).toEqual(["agent.started", "flushed"]);
		await telemetry.close(1);
		expect(clock.pendingTimers).toBe(0);
	});

	it("keeps requests in a place of their own: however many come, no event is lost for them", async () => {
		const telemetry = start(loading, { OTEL_BLRP_MAX_QUEUE_SIZE: "3", OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "1" });
		for (let i = 0; i < 9; i += 1) telemetry.request(REQUEST);
		for (let i = 0; i < 4; i += 1) telemetry.write(EVENTS["fetch.failed"]);
		await clock.advance(2000);
		finishLoading();
		await settle();
		expect(piped).toEqual([...Array(3).fill("fetch.failed"), ...Array(3).fill("/v1/keys")]);
		expect(telemetry.dropped).toBe(1);
		await telemetry.close(1);
	});

	it("says so when OpenTelemetry cannot be loaded, and counts its log records as dropped", async () => {
		const telemetry = start(() => Promise.reject(new TypeError("no such module")));
		telemetry.write(EVENTS["agent.started"]);
		telemetry.write(EVENTS["kms.called"]);
		await clock.advance(2000);
		telemetry.write(EVENTS["fetch.failed"]);
		telemetry.request(REQUEST);
		expect(problems).toEqual([
			"telemetry cannot be delivered (OpenTelemetry cannot be loaded); serving is not affected",
		]);
		expect(telemetry.dropped).toBe(2);
		expect(await telemetry.metrics()).toBe("");
		await telemetry.close(1);
	});

	it("gives up at the deadline though OpenTelemetry is still being loaded, and then makes no use of it", async () => {
		const telemetry = start(loading);
		telemetry.write(EVENTS["agent.started"]);
		telemetry.write(EVENTS["kms.called"]);
		const closing = telemetry.close(500);
		await clock.advance(500);
		await closing;
		expect(telemetry.dropped).toBe(1);
		finishLoading();
		await settle();
		expect(made).toEqual([]);
		expect(await telemetry.metrics()).toBe("");
	});

	it("needs no clock, and loads nothing where there is nobody to tell", async () => {
		const telemetry = new BufferedTelemetry(
			{
				serviceVersion: "1",
				instanceId: "i",
				env: {},
				secrets: async () => undefined,
				observe: () => ({ state: "ready", ageSeconds: 1, expiresInSeconds: 1, ttlSeconds: 300 }),
				onProblem: (sentence) => problems.push(sentence),
			},
			loading,
		);
		expect(await telemetry.metrics()).toBe("");
		await telemetry.close(1);
	});
});
