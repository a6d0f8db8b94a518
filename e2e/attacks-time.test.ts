import { sealArtifact, sealFields, signFields } from "@clef-sh/testkit/artifacts";
import { type FaultMode, startFaultProxy } from "@clef-sh/testkit/fault-proxy";
import { type Behaviour, behaviours, stream } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";
import {
	expectUnharmed,
	fromNow,
	GOOD_SECRETS,
	goodArtifact,
	loggedSince,
	MODES,
	recovers,
	refused,
	startedServer,
	survives,
	type TransportStage,
	transportStage,
} from "./transport-stage.js";

const REFUSED: FaultMode = { kind: "refuse" };
const RESET: FaultMode = { kind: "reset", afterBytes: 40 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Lets the agent's wall clock jump by this much at each SIGUSR2, as a clock that is set does. */
const jumping = (ms: number): readonly string[] => [
	"--import",
	`data:text/javascript,${encodeURIComponent(
		`const now = Date.now; let offset = 0; Date.now = () => now() + offset;
		process.on("SIGUSR2", () => { offset = offset === 0 ? ${ms} : 0; });`,
	)}`,
];

/** One byte of the body a second, for ever. */
const dripping: Behaviour = (_request, response) => {
	response.writeHead(200, { "content-type": "application/json" }).write("{");
	const timer = setInterval(() => response.write(" "), 1_000);
	response.once("close", () => clearInterval(timer));
};

const stageWith = (ttl: string, env: Readonly<Record<string, string>> = {}): Promise<TransportStage> =>
	transportStage({ CLEF_AGENT_CACHE_TTL: ttl, ...env });

it("T19 silence, at any point of an answer and in both modes, ends at a deadline, and the loop goes on", async () => {
	const hangs = [behaviours.silence(), behaviours.hangAfterHeaders(), behaviours.firstByte()];
	const stages = await Promise.all(
		MODES.flatMap(([, ttl]) => hangs.map(async (hang) => ({ hang, stage: await stageWith(ttl) }))),
	);
	await Promise.all(
		stages.map(async ({ hang, stage }) => {
			const { agent, good, server } = stage;
			const hungUp = server.nextHangUp();
			// Only once, so that no retry hangs again before the test goes on.
			server.respondWith(hang, good);
			agent.signal("SIGHUP");
			await expectUnharmed(agent);
			await agent.logged("fetch.failed", { code: "SOURCE_TIMEOUT" });
			await hungUp;
			await expectUnharmed(agent);
			await recovers(stage);
		}),
	);
});

/** What mostly waits is done in both modes at once. */
const inBothModes = async (test: (ttl: string) => Promise<void>): Promise<void> => {
	await Promise.all(MODES.map(([, ttl]) => test(ttl)));
};

it("T22 leaves a source alone for as long as it asks", () =>
	inBothModes(async (ttl) => {
		const askedAt: number[] = [];
		const good = behaviours.ok(await goodArtifact());
		const server = await startedServer((request, response) => {
			askedAt.push(performance.now());
			// Without the header the second request would come within two seconds.
			const first = behaviours.status(429, { "retry-after": "3" });
			(askedAt.length === 1 ? first : good)(request, response);
		});
		const agent = await AgentProcess.listening({ CLEF_AGENT_SOURCE: server.url, CLEF_AGENT_CACHE_TTL: ttl });
		await agent.serves(GOOD_SECRETS);
		const [first = 0, second = 0] = askedAt;
		expect(second - first).toBeGreaterThanOrEqual(3_000);
	}));

it("T24 after a freeze it goes on, and finds by itself what was published meanwhile", () =>
	inBothModes(async (ttl) => {
		const { agent, server } = await stageWith(ttl === "0" ? ttl : "2");
		const next = { secrets: { KEY: "published-meanwhile" }, packedAt: fromNow(-1_000), revision: "r2" };
		agent.signal("SIGSTOP");
		server.respondWith(behaviours.ok(await sealArtifact(next)));
		const frozenAt = performance.now();
		await eventually("a freeze longer than the TTL", () => performance.now() - frozenAt > 2_500);
		agent.signal("SIGCONT");
		await agent.serves(next.secrets);
	}));

it("T26 recovers by itself from an outage with unchanged content, whether it was refused or reset", () =>
	inBothModes(async (ttl) => {
		const bytes = await goodArtifact();
		const server = await startedServer(behaviours.ok(bytes));
		const proxy = await startFaultProxy(server.url);
		onTestFinished(() => proxy.close());
		const isCached = ttl !== "0";
		const agent = await AgentProcess.ready({
			CLEF_AGENT_SOURCE: `${proxy.url}/artifact.json`,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_CACHE_TTL: isCached ? "2" : ttl,
			CLEF_AGENT_LOG_LEVEL: "debug",
		});
		for (const mode of isCached ? [REFUSED] : [REFUSED, RESET]) {
			const seen = agent.log.length;
			await proxy.become(mode);
			agent.signal("SIGHUP");
			await loggedSince(agent, seen, "fetch.failed");
			if (isCached) {
				await loggedSince(agent, seen, "cache.expired");
				expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "cache_expired" });
				expect(await agent.secrets()).toMatchObject({ status: 503 });
			} else await expectUnharmed(agent);
			await proxy.become({ kind: "pass" });
			await loggedSince(agent, seen, "agent.recovered");
			await expectUnharmed(agent);
		}
	}));

describe.each(MODES)("%s", (_, ttl) => {
	it("T19 one byte a second holds up neither readers nor SIGTERM", async () => {
		const { agent, server } = await stageWith(ttl);
		server.respondWith(dripping);
		agent.signal("SIGHUP");
		await eventually("the slow request", () => server.requests.length >= 2);
		await expectUnharmed(agent);
		const { status, afterMs } = await agent.stop();
		expect(status).toBe(0);
		expect(afterMs).toBeLessThan(5_000);
	});

	it("T22 is told how long to wait by every kind of header, within reason", async () => {
		const stage = await stageWith(ttl);
		const until = (ms: number) => new Date(Date.now() + ms);
		const limited = "SOURCE_RATE_LIMITED";
		for (const [status, headers, code, from, to] of [
			[429, { "retry-after": "60" }, limited, 60_000, 60_000],
			[403, { "retry-after": "60" }, limited, 60_000, 60_000],
			[503, { "retry-after": "60" }, "SOURCE_UNREACHABLE", 60_000, 60_000],
			[429, { "retry-after": until(90_000).toUTCString() }, limited, 60_000, 90_000],
			[
				403,
				{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String((until(90_000).getTime() / 1000) | 0) },
				limited,
				60_000,
				90_000,
			],
			[429, { "retry-after": "9".repeat(400) }, limited, DAY_MS, DAY_MS],
			[429, { "retry-after": until(-HOUR_MS).toUTCString() }, limited, 0, 0],
		] as const) {
			const { retryAfterMs } = await survives(stage, behaviours.status(status, headers), code);
			expect(retryAfterMs).toBeGreaterThanOrEqual(from);
			expect(retryAfterMs).toBeLessThanOrEqual(to);
		}
		for (const nonsense of ["-60", "soon", "1e9", "NaN", ""]) {
			const line = await survives(stage, behaviours.status(429, { "retry-after": nonsense }), limited);
			expect(line.retryAfterMs).toBeUndefined();
		}
	});

	it("T23 an end in sixty days or in the year 9999 starts no hot loop", async () => {
		const { agent, server } = await stageWith(ttl);
		const ends = [fromNow(60 * DAY_MS), "9999-12-31T23:59:59.999Z"];
		for (const [index, expiresAt] of ends.entries()) {
			const revision = `until-${index}`;
			const secrets = { KEY: revision };
			const packedAt = fromNow(index * 1_000 - 30_000);
			const next = await sealArtifact({ secrets, expiresAt, revision, packedAt });
			server.respondWith(behaviours.ok(next));
			agent.signal("SIGHUP");
			await agent.serves(secrets);
			const before = server.requests.length;
			const until = performance.now() + 1_000;
			while (performance.now() < until) expect(await agent.secrets()).toEqual(secrets);
			expect(server.requests.length - before).toBeLessThanOrEqual(2);
		}
	});

	it("T23 an end that is no date is refused", async () => {
		const stage = await stageWith(ttl);
		const fields = await sealFields({ packedAt: fromNow(-30_000), revision: "r2" });
		for (const expiresAt of [
			"NaN",
			"never",
			"",
			"2026-02-30T00:00:00Z",
			"9999-99-99T99:99:99Z",
			"2099-01-01T99:99:99Z",
			"+275760-09-13T00:00:01Z",
			"1e99",
			1e99,
			-1,
		]) {
			const bad = behaviours.ok(JSON.stringify(signFields({ ...fields, expiresAt })));
			await survives(stage, bad, "ARTIFACT_MALFORMED", "artifact.invalid");
		}
	});

	it("T24 a wall clock that jumps, forwards or back, neither ages nor ends what has no end", async () => {
		for (const ms of [10 * DAY_MS, -10 * DAY_MS]) {
			const server = await startedServer(behaviours.ok(await goodArtifact()));
			const env = {
				CLEF_AGENT_SOURCE: server.url,
				CLEF_AGENT_CACHE_TTL: ttl,
				CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			};
			const agent = await AgentProcess.ready(env, { nodeArgs: jumping(ms) });
			const before = (await agent.get("/v1/health")).json().lastRefreshAt;
			agent.signal("SIGUSR2");
			await eventually("a refresh on the other side of the jump", async () => {
				// Two signals at once may arrive in either order, so this one is sent until it comes after the jump.
				agent.signal("SIGHUP");
				const { lastRefreshAt } = (await agent.get("/v1/health")).json();
				return Math.abs(lastRefreshAt - before) > 9 * DAY_MS;
			});
			await expectUnharmed(agent);
			agent.signal("SIGUSR2");
			await expectUnharmed(agent);
			expect(agent.log.filter(({ level }) => level === "ERROR")).toEqual([]);
		}
	});

	it("T24 what a jump made expire is served again when the clock is right", async () => {
		const bytes = await sealArtifact({ secrets: GOOD_SECRETS, expiresAt: fromNow(DAY_MS) });
		const server = await startedServer(behaviours.ok(bytes));
		const agent = await AgentProcess.ready(
			{ CLEF_AGENT_SOURCE: server.url, CLEF_AGENT_CACHE_TTL: ttl },
			{ nodeArgs: jumping(10 * DAY_MS) },
		);
		agent.signal("SIGUSR2");
		await eventually("expiry", async () => (await agent.get("/v1/ready")).status === 503);
		expect(await agent.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_EXPIRED" });
		agent.signal("SIGUSR2");
		await agent.serves(GOOD_SECRETS);
	});

	it("T25 a slow old answer never replaces a newer one", async () => {
		const { agent, server, bytes } = await stageWith(ttl);
		const older = stream();
		const newest = { secrets: { KEY: "newest" }, packedAt: fromNow(-1_000), revision: "r3" };
		const seen = server.requests.length;
		server.respondWith(older.behaviour, behaviours.ok(await sealArtifact(newest)));
		agent.signal("SIGHUP");
		await eventually("the slow request", () => server.requests.length === seen + 1);
		const middleBytes = await sealArtifact({ packedAt: fromNow(-30_000), revision: "r2" });
		await older.send(middleBytes.subarray(0, 100));
		agent.signal("SIGHUP");
		await agent.logged("agent.refreshing");
		await older.send(middleBytes.subarray(100));
		await older.end();
		await agent.serves(newest.secrets);
		// And from a replica that lags behind: first the middle one, then the one from the beginning.
		for (const late of [middleBytes, bytes]) {
			expect(await refused({ agent, server }, behaviours.ok(late), "artifact.invalid")).toMatchObject({
				code: "ARTIFACT_ROLLED_BACK",
			});
			await expectUnharmed(agent, newest.secrets);
		}
	});
});

it("T22 readers of a stale cache do not hammer a source that fails", async () => {
	const { agent, server } = await stageWith("2");
	server.respondWith(behaviours.status(503));
	await agent.logged("cache.expired");
	const before = server.requests.length;
	const started = performance.now();
	for (let round = 0; round < 10; round += 1) {
		const answers = await Promise.all(Array.from({ length: 20 }, () => agent.get("/v1/secrets")));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
	}
	const seconds = (performance.now() - started) / 1_000;
	expect(server.requests.length - before).toBeLessThanOrEqual(2 + 2 * seconds);
});

it("T24 a freeze counts towards the age of what is held", async () => {
	const stage = await stageWith("2");
	const { agent, server } = stage;
	server.respondWith(behaviours.status(503));
	agent.signal("SIGSTOP");
	const frozenAt = performance.now();
	await eventually("a freeze longer than the TTL", () => performance.now() - frozenAt > 2_500);
	agent.signal("SIGCONT");
	expect(await agent.secrets()).toMatchObject({ status: 503, code: "AGENT_NOT_FRESH" });
	await recovers(stage);
	await expectUnharmed(agent);
});
