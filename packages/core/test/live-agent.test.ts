import { Secrets } from "@clef-sh/artifact";
import { sealArtifact, sealFields } from "@clef-sh/testkit/artifacts";
import { settle } from "@clef-sh/testkit/clock";
import { held } from "@clef-sh/testkit/scripted-source";
import { vector } from "@clef-sh/testkit/vectors";
import { describe, expect, it, vi } from "vitest";
import type { SourceError as SourceErrorType } from "../src/index.js";
import { SourceError } from "../src/index.js";
import { startAgent } from "./harness.js";

const down = (retryAfterMs?: number): SourceErrorType =>
	new SourceError("SOURCE_UNREACHABLE", "The source is down.", {
		retryable: true,
		...(retryAfterMs === undefined ? {} : { retryAfterMs }),
	});

const modes = [
	["cached", 300],
	["jit", 0],
] as const;

describe.each(modes)("in %s mode", (mode, ttlSeconds) => {
	const start = async (options: Parameters<typeof sealArtifact>[0] = {}) =>
		startAgent(await sealArtifact(options), { ttlSeconds });
	const value = async (agent: Awaited<ReturnType<typeof start>>["agent"]) =>
		(await agent.open()).body("packed")?.toString();

	it("serves what was packed and says so", async () => {
		const { agent, clock, drain } = await start();
		expect(await value(agent)).toBe('{"KEY":"value"}');
		expect(drain()).toEqual(["agent.started", "artifact.refreshed"]);
		expect(agent.status()).toEqual({
			state: "ready",
			mode,
			revision: "r1",
			lastRefreshAt: clock.now(),
			ageMs: 0,
			expiresAt: null,
			expired: false,
			lastError: null,
		});
	});

	it("says how old what it holds is, and when that ends", async () => {
		const expiresAt = "2026-11-22T06:00:00.000Z";
		const { agent, clock } = await startAgent(await sealArtifact({ expiresAt }), { ttlSeconds });
		clock.freeze(1_234);
		expect(agent.status()).toMatchObject({ ageMs: 1_234, expiresAt: Date.parse(expiresAt) });
		await agent.close();
		expect(agent.status()).toMatchObject({ ageMs: null, expiresAt: null });
	});

	it("takes the next revision at the next poll, and asks with the validator of the last", async () => {
		const { agent, clock, source, drain } = await start();
		source.put(
			await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z", secrets: { KEY: "new" } }),
		);
		await clock.advance(30_000);
		await agent.refresh();
		expect(await value(agent)).toBe('{"KEY":"new"}');
		expect(source.reads[1]).toHaveProperty("etag");
		expect(drain()).toEqual(["agent.started", "artifact.refreshed", "artifact.refreshed"]);
	});

	it.each([
		["A1 an older artifact", { revision: "r0", packedAt: "2026-11-22T04:29:00Z" }, "rollback"],
		["A3 one from 2099", { revision: "r2", packedAt: "2099-01-01T00:00:00Z" }, "future"],
		["A6 the same revision with other bytes", { secrets: { KEY: "other" } }, "equivocation"],
		[
			"A8 an unsigned and expired one",
			{ signingKey: false, expiresAt: "2020-01-01T00:00:00Z" },
			"signature_missing",
		],
		["A5 the same revision unsigned", { signingKey: false, secrets: { KEY: "evil" } }, "signature_missing"],
	] as const)("refuses %s and keeps what it has", async (_, options, reason) => {
		const { agent, clock, source, events } = await start();
		source.put(await sealArtifact(options));
		await clock.advance(30_000);
		expect(await value(agent)).toBe('{"KEY":"value"}');
		expect(events.at(-1)).toMatchObject({ event: "artifact.invalid", reason });
		expect(agent.status()).toMatchObject({ state: "ready", lastError: { code: expect.any(String) } });
	});

	it("A7 refuses an artifact signed for another identity or environment", async () => {
		const body = await sealArtifact();
		for (const options of [{ identity: "billing" }, { environment: "staging" }]) {
			const { agent, events } = await startAgent(body, { ttlSeconds, ...options });
			expect(agent.status()).toMatchObject({
				state: "not_loaded",
				lastError: { code: "ARTIFACT_SUBJECT_MISMATCH" },
			});
			expect(events.at(-1)).toMatchObject({ reason: "subject" });
		}
	});

	it("A2 A4 lets an artifact expire on time while the source answers unmodified", async () => {
		const { agent, clock, drain } = await start({ expiresAt: "2026-11-22T05:10:00Z" });
		await clock.advance(599_000);
		expect(agent.status()).toMatchObject({ state: "ready", expired: false });
		drain();
		await clock.advance(1_000);
		await expect(agent.open()).rejects.toMatchObject({
			code: "ARTIFACT_EXPIRED",
			reason: "artifact_expired",
		});
		expect(agent.status()).toMatchObject({ state: "artifact_expired", expired: true });
		expect(drain()).toEqual(["artifact.expired"]);
		await clock.advance(600_000);
		expect(drain()).toEqual([]);
	});

	it("A9 stays revoked when the artifact from before is played back, and takes a newer one", async () => {
		const before = await sealFields();
		const body = Buffer.from(JSON.stringify(before));
		const { agent, clock, source, drain } = await startAgent(body, { ttlSeconds });
		drain();
		source.put(Buffer.from(JSON.stringify({ ...before, revokedAt: "2026-11-22T04:45:00Z" })));
		await clock.advance(30_000);
		await expect(agent.open()).rejects.toMatchObject({ code: "ARTIFACT_REVOKED" });
		expect(agent.status()).toMatchObject({ state: "revoked", revision: null });
		expect(drain()).toEqual(["artifact.revoked"]);
		source.put(Buffer.from(JSON.stringify(before)));
		await clock.advance(60_000);
		expect(agent.status()).toMatchObject({ state: "revoked", lastError: { code: "ARTIFACT_REVOKED" } });
		drain();
		source.put(await sealArtifact({ revision: "r9", packedAt: "2026-11-22T04:46:00Z" }));
		await agent.refresh();
		expect(agent.status()).toMatchObject({ state: "ready", revision: "r9", lastError: null });
		expect(drain().slice(-2)).toEqual(["artifact.refreshed", "agent.recovered"]);
	});

	it("A9 does not take the revoked artifact itself back, whatever date its revocation bears", async () => {
		const before = await sealFields();
		const { agent, clock, source } = await startAgent(Buffer.from(JSON.stringify(before)), { ttlSeconds });
		source.put(Buffer.from(JSON.stringify({ ...before, revokedAt: "2020-01-01T00:00:00Z" })));
		await clock.advance(30_000);
		expect(agent.status().state).toBe("revoked");
		source.put(Buffer.from(JSON.stringify(before)));
		await agent.refresh();
		expect(agent.status().state).toBe("revoked");
	});

	it("revokes even by a body that is otherwise malformed", async () => {
		const { agent, clock, source } = await start();
		source.put(Buffer.from('{"revokedAt":"soon"}'));
		await clock.advance(30_000);
		expect(agent.status().state).toBe("revoked");
	});

	it("T26 goes stale in a long outage and loads again by itself with unchanged content", async () => {
		const { agent, clock, source, drain } = await start();
		drain();
		source.failWith(down());
		await clock.advance(299_999);
		expect(agent.status().state).toBe("ready");
		await clock.advance(10_000);
		expect(agent.status()).toMatchObject({ state: "cache_expired", revision: "r1" });
		await expect(agent.open()).rejects.toMatchObject({ code: "AGENT_NOT_FRESH", reason: "cache_expired" });
		expect(drain().filter((event) => event !== "fetch.failed")).toEqual(["cache.expired"]);
		source.recover();
		await clock.advance(300_000);
		expect(agent.status()).toMatchObject({ state: "ready", lastError: null });
		expect(source.answer(source.reads.at(-1))).toEqual({ kind: "unmodified" });
		expect(drain().filter((event) => event !== "fetch.failed")).toEqual(["agent.recovered"]);
	});

	it("lets a reader of a stale cache bring the refresh forward, one for all who wait", async () => {
		const { agent, clock, source } = await start();
		source.failWith(down());
		await clock.advance(310_000);
		clock.freeze(5_000);
		source.recover();
		const reads = source.reads.length;
		const opened = await Promise.all([agent.open(), agent.open(), agent.open()]);
		expect(new Set(opened.map(({ revision }) => revision))).toEqual(new Set(["r1"]));
		expect(source.reads.length - reads).toBe(1);
	});

	it("T22 does not let readers hammer a source that is down or asked for quiet", async () => {
		const { agent, clock, source } = await start();
		source.failWith(down(120_000));
		await clock.advance(320_000);
		const reads = source.reads.length;
		clock.freeze(60_000);
		for (let reader = 0; reader < 50; reader += 1) await expect(agent.open()).rejects.toThrow();
		expect(source.reads.length).toBe(reads);
	});

	it("T24 finds out after a freeze that what it holds is stale, and recovers", async () => {
		const { agent, clock } = await start();
		clock.freeze(4 * 3_600_000);
		expect(agent.status().state).toBe("cache_expired");
		expect(await value(agent)).toBe('{"KEY":"value"}');
		expect(agent.status().state).toBe("ready");
	});

	it("T24 is not disturbed by the wall clock", async () => {
		const { agent, clock, source } = await start();
		clock.jumpTo(Date.parse("2031-01-01T00:00:00Z"));
		expect(agent.status().state).toBe("ready");
		clock.jumpTo(Date.parse("2001-01-01T00:00:00Z"));
		await clock.advance(60_000);
		expect(agent.status().state).toBe("ready");
		expect(source.reads.length).toBeGreaterThan(2);
	});

	it("T25 has one read in flight however many ask, so that no older answer can arrive late", async () => {
		const { agent, source } = await start();
		const gate = held<void>();
		source.once(async () => {
			await gate.promise;
			return source.answer(undefined);
		});
		const asked = [agent.refresh(), agent.refresh(), agent.refresh()];
		source.announceChange();
		await settle();
		expect(source.reads.length).toBe(2);
		gate.settle();
		expect(new Set(await Promise.all(asked)).size).toBe(1);
		await settle();
		expect(source.reads.length).toBe(3);
	});

	it("refreshes at once when the source says that it changed", async () => {
		const { agent, source } = await start();
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		source.announceChange();
		await agent.refresh();
		expect(agent.status().revision).toBe("r2");
	});

	it("D37 takes what was put while a read was under way, when told, without waiting for the next poll", async () => {
		const { agent, source } = await start();
		const gate = held<void>();
		const before = await source.answer(undefined);
		source.once(async () => {
			await gate.promise;
			return before;
		});
		const polling = agent.refresh();
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		for (let told = 0; told < 100; told += 1) agent.sourceChanged();
		gate.settle();
		expect(await polling).toEqual({ kind: "confirmed" });
		await settle();
		expect(source.reads.length).toBe(3);
		await agent.refresh();
		expect(agent.status().revision).toBe("r2");
	});

	it("confirms a body it already holds without decrypting it again", async () => {
		const { agent, source, clock, drain } = await start();
		const opened = mode === "cached" ? await agent.open() : undefined;
		drain();
		source.once(() => source.answer(undefined));
		clock.freeze(1_000);
		expect(await agent.refresh()).toEqual({ kind: "confirmed" });
		expect(drain()).toEqual([]);
		if (opened !== undefined) expect(await agent.open()).toBe(opened);
		expect(agent.status().lastRefreshAt).toBe(clock.now());
	});

	it("counts freshness from before a slow read", async () => {
		const { agent, source, clock } = await start();
		const began = clock.now();
		source.once(() => {
			clock.freeze(50_000);
			return source.answer(source.reads.at(-1));
		});
		await agent.refresh();
		expect(agent.status().lastRefreshAt).toBe(began);
	});

	it("answers a source that breaks its word with an outcome, not a crash", async () => {
		const { agent, source, events } = await start();
		source.once(() => {
			throw new TypeError("secret internals");
		});
		const outcome = await agent.refresh();
		expect(outcome).toMatchObject({ kind: "kept", error: { code: "SOURCE_UNREACHABLE" } });
		expect(JSON.stringify(events)).not.toContain("secret internals");
		source.once(() => JSON.parse('{"kind":"modified","bytes":null}'));
		expect(await agent.refresh()).toMatchObject({ kind: "kept", error: { code: "ARTIFACT_MALFORMED" } });
		expect(agent.status().state).toBe("ready");
	});

	it("T21 takes no confirmation for what it does not hold", async () => {
		const { agent, source, clock } = await startAgent(vector("truncated"), { ttlSeconds });
		source.once(() => ({ kind: "unmodified" }));
		clock.freeze(10_000);
		expect(await agent.refresh()).toMatchObject({ kind: "kept", error: { code: "SOURCE_BAD_RESPONSE" } });
		expect(agent.status()).toMatchObject({ state: "not_loaded", lastRefreshAt: null });
	});

	it("survives a sink that throws", async () => {
		const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
		const { createAgent } = await import("../src/index.js");
		const { agent } = await start();
		await agent.close();
		await using fragile = await createAgent({
			source: { kind: "inline", bytes: await sealArtifact({ packedAt: "2026-01-01T00:00:00Z" }) },
			decryptor: { ageIdentities: (await import("@clef-sh/testkit/vectors")).vectorKeys.ageSecretKey },
			ttlSeconds,
			onEvent: () => {
				throw new TypeError("sink");
			},
		});
		expect(fragile.status().state).toBe("ready");
		expect(warn.mock.lastCall?.[1]).toEqual({ code: "CLEF_EVENT_SINK", detail: "TypeError" });
	});

	it("D36 closes once, stops everything and holds nothing afterwards", async () => {
		const { agent, clock, source, drain } = await start();
		drain();
		const gate = held<void>();
		source.once(async (signal) => {
			await gate.promise;
			expect(signal.aborted).toBe(true);
			return source.answer(undefined);
		});
		const refreshing = agent.refresh();
		await agent.close();
		await agent[Symbol.asyncDispose]();
		gate.settle();
		await expect(refreshing).resolves.toMatchObject({ kind: "kept" });
		expect(drain()).toEqual(["agent.stopped"]);
		expect(agent.status()).toMatchObject({ state: "not_loaded", revision: null });
		expect(clock.pendingTimers).toBe(0);
		expect(source.watched).toBe(false);
		source.announceChange();
		await clock.advance(3_600_000);
		await expect(agent.open()).rejects.toMatchObject({ reason: "not_loaded" });
	});
});

describe("secrets()", () => {
	it("is synchronous when cached and points to open() when just-in-time", async () => {
		const cached = await startAgent(vector("signed"));
		expect(cached.agent.secrets()).toBeInstanceOf(Secrets);
		const jit = await startAgent(vector("signed"), { ttlSeconds: 0 });
		expect(() => jit.agent.secrets()).toThrow("agent.open()");
	});

	it("throws the reason when nothing may be served", async () => {
		const { agent } = await startAgent(vector("truncated"));
		expect(() => agent.secrets()).toThrow(expect.objectContaining({ reason: "not_loaded" }));
	});
});

describe("openNow()", () => {
	it("is what open() gives, without a turn between, and never before the artifact may be served", async () => {
		const { agent, source } = await startAgent(await sealArtifact());
		expect(agent.openNow()).toBe(await agent.open());
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		await agent.refresh();
		expect(agent.openNow()?.revision).toBe("r2");
		await agent.close();
		expect(agent.openNow()).toBeUndefined();
		expect((await startAgent(vector("truncated"))).agent.openNow()).toBeUndefined();
	});

	it("A4 A9 gives nothing of what is stale, has expired or is revoked", async () => {
		const expiring = await startAgent(await sealArtifact({ expiresAt: "2026-11-22T06:00:00.000Z" }));
		expect(expiring.agent.openNow()).toBeDefined();
		expiring.clock.freeze(Date.parse("2026-11-22T06:00:00.000Z") - expiring.clock.now());
		expect(expiring.agent.openNow()).toBeUndefined();

		const stale = await startAgent(await sealArtifact());
		stale.source.failWith(down());
		await stale.clock.advance(299_000);
		expect(stale.agent.openNow()).toBeDefined();
		await stale.clock.advance(1_000);
		expect(stale.agent.openNow()).toBeUndefined();

		const revoked = await startAgent(vector("signed"));
		revoked.source.put(vector("revoked"));
		await revoked.agent.refresh();
		expect(revoked.agent.openNow()).toBeUndefined();
	});

	it("decrypts nothing just-in-time", async () => {
		const { agent } = await startAgent(await sealArtifact(), { ttlSeconds: 0 });
		expect(agent.openNow()).toBeUndefined();
		expect((await agent.open()).revision).toBe("r1");
		expect(agent.openNow()).toBeUndefined();
	});
});

describe("wiping", () => {
	it("fills a replaced body with zeros once its last reader is done", async () => {
		const { agent, source } = await startAgent(await sealArtifact());
		const opened = await agent.open();
		const [packed, flat] = [opened.body("packed"), opened.body("flat")];
		const release = opened.retain();
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		await agent.refresh();
		await settle();
		expect(packed?.toString()).toBe('{"KEY":"value"}');
		release();
		expect(packed?.every((byte) => byte === 0)).toBe(true);
		expect(flat?.every((byte) => byte === 0)).toBe(true);
	});

	it("gives no reader zeros for secrets, however close a replacement follows its opening", async () => {
		const [before, after] = [await sealArtifact(), await sealArtifact({ revision: "r2" })];
		const decryptor = { decrypt: async () => Buffer.from('{"KEY":"value"}') };
		for (let ticks = 0; ticks < 40; ticks += 1) {
			const { agent, source } = await startAgent(before, { decryptor });
			source.put(after);
			const refreshing = agent.refresh();
			for (let tick = 0; tick < ticks; tick += 1) await undefined;
			const opened = await agent.open();
			expect(opened.body("packed")?.toString()).toBe('{"KEY":"value"}');
			await refreshing;
			await agent.close();
		}
	});

	it("wipes on revocation, on close and, just-in-time, after the turn of its readers", async () => {
		const revoked = await startAgent(await sealArtifact());
		const body = (await revoked.agent.open()).body("packed");
		revoked.source.put(vector("revoked"));
		await revoked.agent.refresh();
		await settle();
		expect(body?.every((byte) => byte === 0)).toBe(true);

		const closed = await startAgent(await sealArtifact());
		const closedBody = (await closed.agent.open()).body("packed");
		await closed.agent.close();
		await settle();
		expect(closedBody?.every((byte) => byte === 0)).toBe(true);

		const jit = await startAgent(await sealArtifact(), { ttlSeconds: 0 });
		const jitBody = (await jit.agent.open()).body("packed");
		expect(jitBody?.toString()).toBe('{"KEY":"value"}');
		await settle();
		expect(jitBody?.every((byte) => byte === 0)).toBe(true);
	});
});
