import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SourceError } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { LambdaRuntimeApi, type LambdaRuntimeApiOptions } from "@clef-sh/testkit/lambda-runtime-api";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { type ExtensionParts, runExtension } from "../src/extension.js";
import { ExtensionsApi } from "../src/extensions-api.js";
import { reportFailure } from "../src/report-failure.js";

type Line = readonly [level: string, sentence: string, fields: Readonly<Record<string, unknown>>];

interface StageOptions extends LambdaRuntimeApiOptions {
	readonly prepare?: (runtime: LambdaRuntimeApi, source: ScriptedSource) => void;
}

/** A whole extension over a scripted source and a manual clock; it listens on any port. */
async function stage(parts: Partial<ExtensionParts> = {}, { prepare, ...api }: StageOptions = {}) {
	const clock = new ManualClock();
	const runtime = await LambdaRuntimeApi.start({ now: clock.now, ...api });
	onTestFinished(() => runtime.close());
	const source = new ScriptedSource(await sealArtifact());
	prepare?.(runtime, source);
	const lines: Line[] = [];
	const log = (level: string) => (sentence: string, fields: Line[2]) =>
		void lines.push([level, sentence, fields]);
	let stop: (who: string) => void = () => undefined;
	const status = runExtension({
		api: new ExtensionsApi(runtime.address, "clef-agent"),
		agent: { source, decryptor: { ageIdentities: vectorKeys.ageSecretKey }, random: () => 0.5 },
		clock,
		port: 0,
		token: "a-token-of-enough-characters",
		strict: false,
		log: { info: log("info"), warn: log("warn"), error: log("error") },
		stop: new Promise((resolve) => {
			stop = resolve;
		}),
		...parts,
	});
	onTestFinished(async () => {
		stop("the test");
		await clock.advance(10_000);
		await status;
	});
	return { clock, runtime, source, lines, status, stop: (who: string) => stop(who) };
}

const down = (_: LambdaRuntimeApi, source: ScriptedSource) =>
	source.failWith(new SourceError("SOURCE_UNREACHABLE", "Nobody there."));

it("registers, follows events and ends with the environment", async () => {
	const { runtime, lines, status } = await stage();
	await (await runtime.invoke()).ended;
	await runtime.shutdown("SPINDOWN", () => undefined);
	expect(await status).toBe(0);
	expect(lines).toEqual([
		[
			"info",
			expect.stringMatching(/^registered as an extension of tested, serving on port/),
			expect.anything(),
		],
		["info", "Lambda shuts the idle environment down", { event: "lambda.shutdown", reason: "SPINDOWN" }],
	]);
});

it("names a reason that did not exist yet", async () => {
	const { runtime, lines } = await stage();
	await runtime.shutdown("RECYCLED" as "SPINDOWN", () => undefined);
	await settle();
	await settle();
	expect(lines.at(-1)?.slice(0, 2)).toEqual(["warn", "Lambda shuts the environment down (RECYCLED)"]);
});

it("D40 is ready for invocations after five seconds of Init without a source", async () => {
	const { clock, runtime, status } = await stage({}, { prepare: down });
	await runtime.registered();
	await settle();
	await clock.advance(4_999);
	expect(runtime.requests.some(({ url }) => url.endsWith("/next"))).toBe(false);
	await clock.advance(1);
	await runtime.waiting();
	await runtime.shutdown("SPINDOWN", () => undefined);
	expect(await status).toBe(0);
});

it("D40 ends with the reason after five seconds of Init without a source, where that is wanted", async () => {
	const { clock, runtime, status, lines } = await stage({ strict: true }, { prepare: down });
	await runtime.registered();
	await settle();
	await clock.advance(5_000);
	expect(await status).toBe(1);
	expect(runtime.errors).toMatchObject([{ phase: "init", errorType: "Extension.SourceUnreachable" }]);
	expect(lines.at(-1)).toEqual([
		"error",
		expect.stringMatching(/^No secrets at the end of Init.*strict: Nobody there\.$/),
		{ event: "lambda.failed", code: "LAMBDA_INIT_FAILED" },
	]);
});

it("D40 names the state where no refresh has failed, such as one that hangs", async () => {
	const { clock, runtime, status } = await stage(
		{ strict: true },
		{ prepare: (_, source) => source.once(() => new Promise(() => undefined)) },
	);
	await runtime.registered();
	await settle();
	await clock.advance(5_000);
	expect(await status).toBe(1);
	expect(runtime.errors).toMatchObject([{ phase: "init", errorType: "Extension.AgentNotReady" }]);
});

it("D40 keeps the environment awake for a refresh that is due, for a second at most", async () => {
	const { clock, runtime, source } = await stage();
	await runtime.waiting();
	source.once(() => new Promise(() => undefined));
	clock.freeze(60_000);
	const reads = source.reads.length;
	await runtime.invoke();
	while (source.reads.length === reads) await settle();
	await clock.advance(999);
	expect(runtime.requests.filter(({ url }) => url.endsWith("/next"))).toHaveLength(1);
	await clock.advance(1);
	await runtime.waiting();
});

it("D40 keeps it awake for no longer than the invocation may last", async () => {
	const { clock, runtime, source } = await stage();
	await runtime.waiting();
	source.once(() => new Promise(() => undefined));
	clock.freeze(60_000);
	const reads = source.reads.length;
	await runtime.invoke(clock.now() + 500);
	while (source.reads.length === reads) await settle();
	await clock.advance(200);
	await runtime.waiting();
});

it("D40 asks the source at every invocation in just-in-time mode", async () => {
	const source = new ScriptedSource(await sealArtifact());
	const { runtime } = await stage({
		agent: { source, decryptor: { ageIdentities: vectorKeys.ageSecretKey }, ttlSeconds: 0 },
	});
	await runtime.waiting();
	expect(source.reads).toHaveLength(1);
	await (await runtime.invoke()).ended;
	await (await runtime.invoke()).ended;
	expect(source.reads).toHaveLength(3);
});

it("D40 flushes telemetry after each invocation, and closes it when the agent has told its end", async () => {
	const told: string[] = [];
	const telemetry = {
		write: () => undefined,
		request: () => undefined,
		metrics: async () => "",
		dropped: 0,
		flush: async (deadlineMs: number) => void told.push(`flushed within ${deadlineMs}`),
		close: async (deadlineMs: number) => void told.push(`closed within ${deadlineMs}`),
	};
	const source = new ScriptedSource(await sealArtifact());
	const { runtime, status } = await stage({
		agent: {
			source,
			decryptor: { ageIdentities: vectorKeys.ageSecretKey },
			onEvent: ({ event }) => told.push(event),
		},
		telemetry,
		servesMetrics: true,
	});
	await (await runtime.invoke()).ended;
	await runtime.shutdown("SPINDOWN", () => undefined);
	expect(await status).toBe(0);
	expect(told).toEqual([
		"agent.started",
		"artifact.refreshed",
		"flushed within 500",
		"agent.stopped",
		"closed within 500",
	]);
});

it("lets an event pass that it does not know", async () => {
	const { runtime, status } = await stage(
		{},
		{
			prepare: (api) =>
				api.respondWith(
					api.behaviour,
					(_, response) => response.end('{"eventType":"RESTORE"}'),
					api.behaviour,
				),
		},
	);
	await runtime.registered();
	// The event that the fake did not send itself has left it in its state.
	await runtime.shutdown("SPINDOWN", () => undefined);
	expect(await status).toBe(0);
});

it("asks again three times for an event when the connection breaks, then ends", async () => {
	const { clock, runtime, status, lines } = await stage(
		{},
		{ prepare: (api) => api.respondWith(api.behaviour, (_, response) => response.destroy()) },
	);
	await runtime.registered();
	let ended: number | undefined;
	void status.then((value) => {
		ended = value;
	});
	while (ended === undefined) await clock.advance(100);
	expect(ended).toBe(1);
	expect(runtime.requests.filter(({ url }) => url.endsWith("/next"))).toHaveLength(4);
	expect(lines.slice(-2).map(([, , fields]) => fields)).toEqual([
		{ event: "lambda.failed", code: "LAMBDA_API_UNREACHABLE" },
		{ event: "lambda.report_failed", code: "LAMBDA_API_UNREACHABLE" },
	]);
});

it("holds no event that is over, however long the environment lives", async () => {
	const runtime = await LambdaRuntimeApi.start();
	onTestFinished(() => runtime.close());
	const api = new ExtensionsApi(runtime.address, "clef-agent");
	const next = api.next.bind(api);
	const events: WeakRef<object>[] = [];
	api.next = async (signal) => {
		const event = await next(signal);
		events.push(new WeakRef(event));
		return event;
	};
	await stage({ api });
	for (let count = 0; count < 5; count += 1) await (await runtime.invoke(Date.now() + 3_000)).ended;
	setFlagsFromString("--expose-gc");
	// A reference that was just read lives until the turn is over.
	await new Promise(setImmediate);
	runInNewContext("gc")();
	expect(events).toHaveLength(5);
	// The machine may still have the last one in hand.
	expect(events.slice(0, -1).filter((event) => event.deref() !== undefined)).toEqual([]);
});

it("D36 stops when somebody else than Lambda wants it to", async () => {
	const { runtime, status, lines, stop } = await stage();
	await runtime.waiting();
	stop("SIGTERM");
	expect(await status).toBe(0);
	expect(lines.at(-1)).toEqual(["info", "SIGTERM: stopping", { event: "agent.stopping" }]);
});

it("tells about its agent, and registers for Shutdown alone on managed instances", async () => {
	const modes: string[] = [];
	const { runtime } = await stage({
		onAgent: ({ mode }) => modes.push(mode),
		initializationType: "lambda-managed-instances",
	});
	await runtime.waiting();
	expect(runtime.registration).toMatchObject({ events: ["SHUTDOWN"] });
	expect(modes).toEqual(["cached"]);
});

it("registers in order to report what kept it from starting, and says when that fails too", async () => {
	const runtime = await LambdaRuntimeApi.start();
	onTestFinished(() => runtime.close());
	const lines: string[] = [];
	const write = (sentence: string) => void lines.push(sentence);
	const log = { info: write, warn: write, error: write };
	const error = new SourceError("SOURCE_NOT_FOUND", "There is nothing.");
	await reportFailure({ api: new ExtensionsApi(runtime.address, "clef-agent"), log }, error);
	expect(runtime.registration).toMatchObject({ events: ["SHUTDOWN"] });
	expect(runtime.errors).toMatchObject([{ phase: "init", errorType: "Extension.SourceNotFound" }]);
	await reportFailure({ api: new ExtensionsApi(runtime.address, "clef-agent"), log }, error);
	expect(lines).toEqual([
		"There is nothing.",
		"There is nothing.",
		expect.stringMatching(/^Lambda could not be told: .*Extension\.InvalidExtensionState/),
	]);
});
