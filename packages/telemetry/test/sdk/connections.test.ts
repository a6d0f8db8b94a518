import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "@clef-sh/core";
import { startOtlpReceiver } from "@clef-sh/testkit/otlp-receiver";
import { SELF_SIGNED } from "@clef-sh/testkit/self-signed";
import { behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { EVENTS } from "../events.js";
import { DEADLINE_MS, PROMPT, receive, type Subject, subject } from "../harness.js";

/** Logs alone, so that there is one request for each batch. */
const LOGS_ALONE = { ...PROMPT, OTEL_METRICS_EXPORTER: "none" };

/** So short that the exporter, which waits for a second or so, does not try a second time. */
const HASTY = { OTEL_EXPORTER_OTLP_TIMEOUT: "500" };

const FAILED = EVENTS["fetch.failed"];

/** Telemetry that need not wait for headers. */
async function opened(options: Parameters<typeof subject>[0]): Promise<Subject> {
	const started = subject({ env: LOGS_ALONE, ...options });
	await started.telemetry.metrics();
	await started.clock.advance(30_000);
	return started;
}

/** A real clock that has no patience with secrets, whose headers telemetry would wait for. */
function impatientClock(): Clock {
	const clock = systemClock();
	return { ...clock, setTimeout: (callback, ms) => clock.setTimeout(callback, ms === 30_000 ? 0 : ms) };
}

/** Where the exporter waits for something, or would try again. */
const IMPATIENT: ReadonlySet<string> = new Set(["never answers", "hangs up"]);

describe("a collector that does not take telemetry", () => {
	it.each([
		["wants to be left alone", behaviours.status(429, { "retry-after": "60" }), "answers 429"],
		["is broken", behaviours.status(500), "answers 500"],
		["is not at this path", behaviours.status(404), "answers 404"],
		["refuses the header", behaviours.status(401), "answers 401"],
		["sends elsewhere", behaviours.redirect("http://127.0.0.1:1/"), "answers 302"],
		["never answers", behaviours.silence(), "gives no answer within 0.5 s"],
		["speaks no HTTP", behaviours.noHttp(), "fails with HPE_INVALID_CONSTANT"],
		["hangs up", (request: { socket: { destroy(): void } }) => request.socket.destroy(), "hangs up"],
	])("and %s is told of once, counted, and used again by itself", async (title, behaviour, cause) => {
		const receiver = await receive();
		receiver.respondWith(behaviour, behaviour, "accept");
		const url = `${receiver.url.replace("//", "//user:pass@")}/?key=secret`;
		const { telemetry, problems, problem } = await opened({
			url,
			clock: impatientClock(),
			env: { ...LOGS_ALONE, ...(IMPATIENT.has(title) && HASTY) },
		});
		telemetry.write(FAILED);
		await problem(1);
		telemetry.write(FAILED);
		telemetry.write(FAILED);
		await receiver.until(() => receiver.requests.length >= 2);
		expect(problems).toEqual([
			`telemetry cannot be delivered (${receiver.url}/v1/logs ${cause}); serving is not affected`,
		]);
		while (telemetry.dropped < 3) await new Promise(setImmediate);
		telemetry.write(FAILED);
		await problem(2);
		expect(problems[1]).toBe(`telemetry is delivered again (${receiver.url}/v1/logs)`);
		expect(telemetry.dropped).toBe(3);
		expect(receiver.logs).toHaveLength(1);
		expect(receiver.requests.map(({ path }) => path)).toContain("/v1/logs?key=secret");
		expect(receiver.requests[0]?.headers.authorization).toBe(`Basic ${btoa("user:pass")}`);
	});

	it("and is down is told of once, for all signals", async () => {
		const url = await deadOrigin();
		const { telemetry, problems } = await opened({ url, env: { ...PROMPT, ...HASTY }, traces: true });
		telemetry.write(FAILED);
		telemetry.write(EVENTS["refresh.finished"]);
		await telemetry.close(DEADLINE_MS);
		expect(problems).toHaveLength(1);
		expect(problems[0]).toMatch(/^telemetry cannot be delivered \(\S+ fails with ECONNREFUSED\); serving is/);
		expect(telemetry.dropped).toBe(1);
	});

	it("and drips its answer for ever is given up on", async () => {
		const receiver = await receive();
		receiver.respondWith(behaviours.firstByte(), "accept");
		const { telemetry, clock, problem } = await opened({
			url: receiver.url,
		});
		telemetry.write(FAILED);
		await receiver.until(() => receiver.requests.length === 1);
		await clock.advance(10_000);
		await problem(1);
		expect(telemetry.dropped).toBe(1);
		telemetry.write(FAILED);
		await receiver.until(() => receiver.logs.length === 1);
	});

	it("and refuses a part of a batch has that counted", async () => {
		const receiver = await receive();
		const partial = { partialSuccess: { rejectedLogRecords: "2", errorMessage: "too old" } };
		receiver.respondWith(
			behaviours.status(200, { "content-type": "application/json" }, JSON.stringify(partial)),
		);
		const { telemetry, problems } = await opened({
			url: receiver.url,
			env: { ...LOGS_ALONE, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
		});
		for (let count = 0; count < 3; count += 1) telemetry.write(FAILED);
		await telemetry.close(DEADLINE_MS);
		expect(telemetry.dropped).toBe(2);
		expect(problems).toEqual([]);
	});

	it("is tried again at once when it asked for less than the time-out", async () => {
		const receiver = await receive();
		receiver.respondWith(behaviours.status(503, { "retry-after": "0" }), "accept");
		const { telemetry, problems } = await opened({
			url: receiver.url,
		});
		telemetry.write(FAILED);
		await receiver.until(() => receiver.logs.length === 1);
		await telemetry.close(DEADLINE_MS);
		expect(receiver.requests).toHaveLength(2);
		expect(problems).toEqual([]);
	});
});

describe("a collector behind TLS", () => {
	async function secure() {
		const receiver = await startOtlpReceiver({ tls: SELF_SIGNED });
		onTestFinished(() => receiver.close());
		return receiver;
	}

	it("that nobody vouches for gets nothing", async () => {
		const receiver = await secure();
		const { telemetry, problem, problems } = await opened({ url: receiver.url });
		telemetry.write(FAILED);
		await problem(1);
		expect(problems[0]).toContain("fails with DEPTH_ZERO_SELF_SIGNED_CERT");
		expect(receiver.requests).toEqual([]);
	});

	it("that OTEL_EXPORTER_OTLP_CERTIFICATE vouches for gets everything", async () => {
		const receiver = await secure();
		const folder = await mkdtemp(join(tmpdir(), "clef-telemetry-"));
		onTestFinished(() => rm(folder, { recursive: true }));
		const path = join(folder, "ca.pem");
		await writeFile(path, SELF_SIGNED.cert);
		const { telemetry } = await opened({
			url: receiver.url,
			env: { ...LOGS_ALONE, OTEL_EXPORTER_OTLP_CERTIFICATE: path },
		});
		telemetry.write(FAILED);
		await receiver.until(() => receiver.logs.length === 1);
	});

	it("gets nothing when the file that would vouch for it cannot be read", async () => {
		const { telemetry, problem, problems } = await opened({
			url: (await secure()).url,
			env: { ...LOGS_ALONE, OTEL_EXPORTER_OTLP_CERTIFICATE: "/no/such/file" },
		});
		telemetry.write(FAILED);
		await problem(1);
		expect(problems[0]).toContain("fails with ENOENT");
	});
});

it("prints nothing, whatever goes wrong", async () => {
	const out = vi.spyOn(process.stdout, "write");
	const err = vi.spyOn(process.stderr, "write");
	const consoles = (["log", "info", "warn", "error", "debug"] as const).map((name) =>
		vi.spyOn(console, name),
	);
	const { telemetry } = await opened({
		url: await deadOrigin(),
		env: { ...PROMPT, ...HASTY, OTEL_LOG_LEVEL: "debug" },
		prometheus: true,
		traces: true,
		observe: () => {
			throw new TypeError("nothing to see");
		},
	});
	telemetry.write({ ...FAILED, at: Number.NaN });
	telemetry.write(EVENTS["refresh.finished"]);
	expect(await telemetry.metrics()).toContain("clef_refresh_duration_seconds_count");
	await telemetry.close(DEADLINE_MS);
	for (const spy of [out, err, ...consoles]) expect(spy).not.toHaveBeenCalled();
});
