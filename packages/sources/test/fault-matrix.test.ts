import { type FaultMode, type FaultProxy, startFaultProxy } from "@clef-sh/testkit/fault-proxy";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { PLACES, type Place } from "@clef-sh/testkit/places";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSource, type Source, type SourceErrorCode, type Validator } from "../src/index.js";

/** Each limit has a length of its own, so that a test can fire the one it means. */
const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };
const BYTES = Buffer.from(JSON.stringify({ artifact: "x".repeat(1000) }));

interface Fault {
	readonly mode: FaultMode;
	readonly code: SourceErrorCode;
	readonly retryAfterMs?: number;

	/** The limit that has to pass. */
	readonly limit?: "headersMs" | "idleMs";

	/** Whether an answer without a body comes through unharmed. */
	readonly bodyOnly?: true;
}

const FAULTS: Readonly<Record<string, Fault>> = {
	"T18 a refused connection": { mode: { kind: "refuse" }, code: "SOURCE_UNREACHABLE" },
	"T18 a reset before the answer": { mode: { kind: "reset", afterBytes: 0 }, code: "SOURCE_UNREACHABLE" },
	"T18 a reset inside the head": { mode: { kind: "reset", afterBytes: 20 }, code: "SOURCE_UNREACHABLE" },
	"T18 a body that ends too soon": {
		mode: { kind: "cut", afterBytes: 5 },
		code: "SOURCE_UNREACHABLE",
		bodyOnly: true,
	},
	"T19 silence": { mode: { kind: "hang" }, code: "SOURCE_TIMEOUT", limit: "headersMs" },
	"T19 one byte and no more": {
		mode: { kind: "dribble" },
		code: "SOURCE_TIMEOUT",
		limit: "idleMs",
		bodyOnly: true,
	},
	"T22 500": { mode: { kind: "status", status: 500 }, code: "SOURCE_UNREACHABLE" },
	"T22 503 with Retry-After": {
		mode: { kind: "status", status: 503, headers: { "retry-after": "9" } },
		code: "SOURCE_UNREACHABLE",
		retryAfterMs: 9000,
	},
	"T22 429 with Retry-After": {
		mode: { kind: "status", status: 429, headers: { "retry-after": "7" } },
		code: "SOURCE_RATE_LIMITED",
		retryAfterMs: 7000,
	},
};

/** Those that find a change with one request and read it with another. */
const TWO_STEPS: ReadonlySet<string> = new Set(["gitlab", "bitbucket cloud", "bitbucket data center"]);

describe.each(Object.entries(PLACES))("%s, with a fault on the way to it:", (kind, start) => {
	const signal = new AbortController().signal;
	let place: Place;
	let proxy: FaultProxy;
	let timers: HandFiredTimers;
	let source: Source;

	beforeEach(async () => {
		place = await start();
		place.hold(BYTES);
		proxy = await startFaultProxy(place.origin);
		timers = new HandFiredTimers();
		for (const [name, value] of Object.entries(place.environmentAt(proxy.url))) vi.stubEnv(name, value);
		source = createSource({ ...place.optionsAt(proxy.url), timeouts: TIMEOUTS }, { timers });
	});

	afterEach(async () => {
		vi.unstubAllEnvs();
		await proxy.close();
		await place.close();
	});

	async function expectFailure({ code, retryAfterMs, limit }: Fault, validator?: Validator): Promise<void> {
		const held = limit && proxy.nextHeld();
		const reading = source.read(validator, signal);
		reading.catch(() => undefined);
		if (limit) {
			await held;
			await vi.waitUntil(() => timers.pending.includes(TIMEOUTS[limit]), { interval: 1 });
			timers.fire(TIMEOUTS[limit]);
		}
		await expect(reading).rejects.toMatchObject({
			name: "SourceError",
			code,
			retryable: true,
			...(retryAfterMs !== undefined && { retryAfterMs }),
		});
		expect(timers.pending).toEqual([]);
	}

	async function recover(): Promise<void> {
		await proxy.become({ kind: "pass" });
		proxy.release();
	}

	it.each(Object.entries(FAULTS))("%s fails the first read, and the next one succeeds", async (_, fault) => {
		await proxy.become(fault.mode);
		await expectFailure(fault);
		await recover();
		const result = await source.read(undefined, signal);
		expect(result.kind === "modified" && Buffer.from(result.bytes)).toEqual(BYTES);
		expect(timers.pending).toEqual([]);
	});

	it.each(Object.entries(FAULTS).filter(([, { bodyOnly }]) => !bodyOnly))(
		"%s fails a poll, and the next one says unmodified to the same validator",
		async (_, fault) => {
			const first = await source.read(undefined, signal);
			const validator = first.kind === "modified" ? first.validator : undefined;
			await proxy.become(fault.mode);
			await expectFailure(fault, validator);
			await recover();
			expect(await source.read(validator, signal)).toEqual({ kind: "unmodified" });
			expect(timers.pending).toEqual([]);
		},
	);

	if (!TWO_STEPS.has(kind)) return;

	it.each(Object.entries(FAULTS).filter(([, { mode }]) => mode.kind !== "refuse"))(
		"%s between finding a change and reading it fails the poll, and the next one brings the change",
		async (_, fault) => {
			const first = await source.read(undefined, signal);
			const validator = first.kind === "modified" ? first.validator : undefined;
			const changed = Buffer.concat([BYTES, BYTES]);
			place.hold(changed);
			await proxy.become(fault.mode, 1);
			await expectFailure(fault, validator);
			await recover();
			const result = await source.read(validator, signal);
			expect(result.kind === "modified" && Buffer.from(result.bytes)).toEqual(changed);
			expect(timers.pending).toEqual([]);
		},
	);
});
