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

beforeEach(() => {
	clock = new ManualClock();
	problems = [];
	piped = [];
	made = [];
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
		finishLoading = () => resolve({ createPipeline });
	});

function start(load: LoadPipeline): BufferedTelemetry {
	return new BufferedTelemetry(
		{
			url: "http://127.0.0.1:9",
			serviceVersion: "1",
			instanceId: "i",
			env: {},
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
		await settle();
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

	it("flushes what is loaded, and has nothing to flush before", async () => {
		const telemetry = start(loading);
		await telemetry.flush(500);
		finishLoading();
		await settle();
		await telemetry.flush(500);
		expect(piped).toEqual(["flushed"]);
		await telemetry.close(1);
		expect(clock.pendingTimers).toBe(0);
	});

	it("says so when OpenTelemetry cannot be loaded, and counts its log records as dropped", async () => {
		const telemetry = start(() => Promise.reject(new TypeError("no such module")));
		telemetry.write(EVENTS["agent.started"]);
		telemetry.write(EVENTS["kms.called"]);
		await settle();
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
