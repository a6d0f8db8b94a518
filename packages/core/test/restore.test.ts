import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DecryptError, type Decryptor } from "@clef-sh/decryptors";
import { sealArtifact, sealFields } from "@clef-sh/testkit/artifacts";
import { settle } from "@clef-sh/testkit/clock";
import { promptFiles } from "@clef-sh/testkit/prompt-files";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Agent, type AgentOptions, type CacheFiles, createAgent } from "../src/index.js";
import { RestartStage } from "./restart-stage.js";

const LATER = "2026-11-22T04:40:00Z";

const secretsOf = async (agent: Agent) => (await agent.open()).body("packed")?.toString();

describe.each([300, 0])("a restart at a TTL of %i", (ttlSeconds) => {
	const stage = async (seal: Parameters<typeof sealArtifact>[0] = {}, options: Partial<AgentOptions> = {}) =>
		new RestartStage(await sealArtifact(seal), { ttlSeconds, ...options });

	it("D35 T26 serves what is on disk while the source is down, for the rest of the TTL", async () => {
		const world = await stage();
		const first = await world.start();
		await world.clock.advance(100_000);
		const { lastRefreshAt } = first.status();
		await first.close();
		world.goDown();
		await world.clock.advance(60_000);
		const second = await world.start();
		expect(await secretsOf(second)).toBe('{"KEY":"value"}');
		expect(second.status()).toMatchObject({ state: "ready", revision: "r1", lastRefreshAt });
		expect(world.names).toEqual(["agent.started", "artifact.restored", "fetch.failed"]);
		expect(world.events.at(-1)).toMatchObject({ diskCacheAvailable: true, serving: { revision: "r1" } });
		await world.clock.advance(300_000 - (world.clock.now() - (lastRefreshAt ?? 0)) - 1);
		expect(second.status().state).toBe("ready");
		await world.clock.advance(1);
		expect(second.status().state).toBe("cache_expired");
		await expect(second.open()).rejects.toMatchObject({ code: "AGENT_NOT_FRESH" });
	});

	it("T26 does not serve what is older than the TTL, and does once the source says it is unchanged", async () => {
		const world = await stage();
		await (await world.start()).close();
		await world.clock.advance(400_000);
		world.goDown();
		const agent = await world.start();
		expect(agent.status()).toMatchObject({ state: "cache_expired", revision: "r1" });
		world.source.recover();
		await agent.refresh();
		expect(await secretsOf(agent)).toBe('{"KEY":"value"}');
		expect(world.source.reads.at(-1)).toHaveProperty("etag");
	});

	it("asks only whether what is on disk has changed", async () => {
		const world = await stage();
		await (await world.start()).close();
		const agent = await world.start();
		expect(world.source.reads.at(-1)).toHaveProperty("etag");
		expect(world.names).toEqual(["agent.started", "artifact.restored"]);
		expect(agent.status().lastRefreshAt).toBe(world.clock.now());
	});

	it("A1 refuses what is older than what an earlier process had", async () => {
		const world = await stage({ revision: "r2", packedAt: LATER });
		await (await world.start()).close();
		world.source.put(await sealArtifact());
		const agent = await world.start();
		expect(world.events.at(-1)).toMatchObject({ event: "artifact.invalid", reason: "rollback" });
		expect(agent.status()).toMatchObject({ state: "ready", revision: "r2" });
	});

	it("A1 refuses it even when the artifact of the earlier process has ended", async () => {
		const world = await stage({ revision: "r2", packedAt: LATER, expiresAt: "2026-11-22T05:10:00Z" });
		await (await world.start()).close();
		await world.clock.advance(3_600_000);
		world.source.put(await sealArtifact());
		const agent = await world.start();
		expect(agent.status().state).toBe("not_loaded");
		expect(world.names).toEqual(["agent.started", "disk.failed", "artifact.invalid"]);
	});

	it("A6 remembers the revision, so that other content under the same name is refused", async () => {
		const world = await stage();
		await (await world.start()).close();
		world.source.put(await sealArtifact({ secrets: { KEY: "other" } }));
		await world.start();
		expect(world.events.at(-1)).toMatchObject({ reason: "equivocation" });
	});

	it("A9 stays revoked though the artifact from before is played back, until a newer one comes", async () => {
		const before = await sealFields();
		const world = new RestartStage(Buffer.from(JSON.stringify(before)), { ttlSeconds });
		const first = await world.start();
		world.source.put(Buffer.from(JSON.stringify({ ...before, revokedAt: "2026-11-22T04:45:00Z" })));
		await first.refresh();
		expect(world.events.at(-1)).toMatchObject({ event: "artifact.revoked", diskCachePurged: true });
		await first.close();
		world.source.put(Buffer.from(JSON.stringify(before)));
		const second = await world.start();
		expect(second.status()).toMatchObject({ state: "revoked", lastError: { code: "ARTIFACT_REVOKED" } });
		expect(world.names.slice(0, 2)).toEqual(["agent.started", "artifact.revoked"]);
		world.source.put(await sealArtifact({ revision: "r9", packedAt: "2026-11-22T04:46:00Z" }));
		await second.refresh();
		expect(second.status().state).toBe("ready");
		await second.close();
		world.goDown();
		expect(await secretsOf(await world.start())).toBe('{"KEY":"value"}');
	});

	it("A4 does not serve what ended while no agent ran", async () => {
		const world = await stage({ expiresAt: "2026-11-22T05:00:30Z" });
		await (await world.start()).close();
		await world.clock.advance(40_000);
		const agent = await world.start();
		expect(agent.status().state).toBe("not_loaded");
		expect(world.events[1]).toMatchObject({
			event: "disk.failed",
			error: expect.stringContaining("expired"),
		});
	});

	it("A7 does not serve what was packed for another environment than is configured now", async () => {
		const world = await stage();
		await (await world.start({ environment: "production" })).close();
		world.goDown();
		const agent = await world.start({ environment: "staging" });
		expect(agent.status().state).toBe("not_loaded");
	});

	it("A10 does not serve what no trusted key has signed", async () => {
		const { vectorKeys } = await import("@clef-sh/testkit/vectors");
		const world = await stage();
		await (await world.start()).close();
		world.goDown();
		const agent = await world.start({ verifyKeys: vectorKeys.ecdsaPublicKey });
		expect(agent.status().state).toBe("not_loaded");
		expect(world.events[1]).toMatchObject({ code: "CACHE_UNREADABLE" });
	});

	it("D35 does not use a damaged record, and goes on without it", async () => {
		const world = await stage();
		await (await world.start()).close();
		const path = recordIn(world.cachePath);
		writeFileSync(path, readFileSync(path, "latin1").replace("packedAt", "packedAT"), "latin1");
		const agent = await world.start();
		expect(world.names).toEqual(["agent.started", "disk.failed", "artifact.refreshed", "disk.recovered"]);
		expect(await secretsOf(agent)).toBe('{"KEY":"value"}');
	});

	it.each([
		["without any confirmation", (text: string) => text.replace(/\nconfirmed [^\n]*\n/g, "")],
	] as const)("D35 does not serve a record %s", async (_, spoil) => {
		const world = await stage();
		await (await world.start()).close();
		const path = recordIn(world.cachePath);
		writeFileSync(path, spoil(readFileSync(path, "latin1")), "latin1");
		world.goDown();
		expect((await world.start()).status().state).toBe("not_loaded");
	});

	it("T24 believes no confirmation from the future, and ages one from a clock slightly ahead from now", async () => {
		const world = await stage();
		await (await world.start()).close();
		world.goDown();
		world.clock.jumpTo(world.clock.now() - 600_000);
		expect((await world.start()).status().state).toBe("cache_expired");
		world.clock.jumpTo(world.clock.now() + 600_000 - 60_000);
		const agent = await world.start();
		expect(agent.status().state).toBe("ready");
		await world.clock.advance(300_000);
		expect(agent.status().state).toBe("cache_expired");
	});

	it("T21 never uses the validator of another source", async () => {
		const world = await stage();
		await (await world.start()).close();
		const elsewhere = await sealArtifact({ revision: "r2", packedAt: LATER });
		const agent = await world.start({ source: { kind: "inline", bytes: elsewhere } });
		expect(agent.status().revision).toBe("r2");
		expect(world.names).not.toContain("artifact.restored");
	});

	it("T21 A1 mixes up no two places that differ in their query alone", async () => {
		const world = await stage();
		const server = await startServer(behaviours.ok(await sealArtifact({ revision: "r2", packedAt: LATER })));
		onTestFinished(() => server.close());
		const at = (query: string) => world.start({ source: { kind: "http", url: `${server.url}/a?${query}` } });
		await (await at("environment=staging")).close();
		server.respondWith(behaviours.ok(await sealArtifact()));
		expect((await at("environment=production")).status()).toMatchObject({ state: "ready", revision: "r1" });
		expect(world.names).toEqual(["agent.started", "artifact.refreshed"]);
	});

	it.each([
		["X-Amz-Expires=60&X-Amz-Signature=1", "X-Amz-Expires=60&X-Amz-Signature=2"],
		["Expires=1&Signature=1&Key-Pair-Id=K", "Expires=2&Signature=2&Key-Pair-Id=K"],
		["se=1&sig=1", "se=2&sig=2"],
	])("T26 finds what it had though its address was signed anew: %s", async (before, after) => {
		const world = await stage();
		const server = await startServer(behaviours.ok(await sealArtifact()));
		onTestFinished(() => server.close());
		const at = (query: string) => world.start({ source: { kind: "http", url: `${server.url}/a?${query}` } });
		await (await at(before)).close();
		server.respondWith(behaviours.status(503));
		const agent = await at(after);
		expect(world.names).toContain("artifact.restored");
		expect(agent.status().state).toBe("ready");
	});

	it.each([
		["nothing", Buffer.from("nonsense"), 1],
		["a revocation", Buffer.from('{"revokedAt":"2026-11-22T04:45:00Z"}'), 2],
	])("looks once at each start at a disk that has %s", async (_, body, starts) => {
		const world = await stage();
		let looks = 0;
		const readdir = async (path: string) => {
			looks += 1;
			return promptFiles.readdir(path);
		};
		const cacheFiles = { ...promptFiles, readdir } as unknown as CacheFiles;
		world.source.put(body);
		for (let start = 0; start < starts; start += 1) {
			const agent = await world.start({ cacheFiles });
			world.goDown();
			await world.clock.advance(120_000);
			await agent.close();
		}
		expect(looks).toBe(starts);
	});

	it("D35 goes on without a directory that cannot be used, and says so once", async () => {
		const world = await stage();
		const file = join(world.cachePath, "file");
		writeFileSync(file, "");
		const agent = await world.start({ cachePath: file });
		expect(await secretsOf(agent)).toBe('{"KEY":"value"}');
		await world.clock.advance(120_000);
		expect(world.events.filter(({ event }) => event === "disk.failed")).toHaveLength(2);
		expect(new Set(world.events.map((event) => "code" in event && event.code))).toEqual(
			new Set([false, "CACHE_UNREADABLE", "CACHE_UNWRITABLE"]),
		);
	});
});

describe("A15 T26 what is on disk while its KMS does not answer", () => {
	/** An agent that restarted while the source and the KMS are down. */
	const restarted = async () => {
		const world = new RestartStage(await sealArtifact());
		await (await world.start()).close();
		world.goDown();
		const kms = { isDown: true, calls: 0 };
		const decryptor: Decryptor = {
			async decrypt() {
				kms.calls += 1;
				if (kms.isDown)
					throw new DecryptError("DECRYPT_UNWRAP_FAILED", "The KMS is busy.", { retryable: true });
				return Buffer.from('{"KEY":"value"}');
			},
		};
		return { agent: await world.start({ decryptor }), kms, world };
	};

	it("is served once the KMS answers, though the source still does not", async () => {
		const { agent, kms, world } = await restarted();
		expect(agent.status().state).toBe("not_loaded");
		await world.clock.advance(20_000);
		kms.isDown = false;
		await world.clock.advance(20_000);
		expect(await secretsOf(agent)).toBe('{"KEY":"value"}');
		expect(world.names.filter((name) => name !== "fetch.failed")).toEqual([
			"agent.started",
			"disk.failed",
			"disk.recovered",
			"artifact.restored",
		]);
		const { calls } = kms;
		await world.clock.advance(60_000);
		expect(kms.calls).toBe(calls);
	});

	it("is served as soon as that though the source answers nonsense", async () => {
		const { agent, kms, world } = await restarted();
		world.source.recover();
		world.source.put(Buffer.from("nonsense"));
		kms.isDown = false;
		await agent.refresh();
		expect(await secretsOf(agent)).toBe('{"KEY":"value"}');
		expect(agent.status()).toMatchObject({ revision: "r1", lastError: { code: "ARTIFACT_MALFORMED" } });
	});

	it("A9 does not come back once the source has revoked it", async () => {
		const { agent, kms, world } = await restarted();
		world.source.recover();
		world.source.put(Buffer.from('{"revokedAt":"2026-11-22T04:45:00Z"}'));
		await agent.refresh();
		world.goDown();
		kms.isDown = false;
		await world.clock.advance(60_000);
		expect(agent.status().state).toBe("revoked");
		expect(world.names).not.toContain("artifact.restored");
	});

	it("is not tried again where nothing will change", async () => {
		const world = new RestartStage(await sealArtifact());
		await (await world.start()).close();
		world.goDown();
		let calls = 0;
		const decrypt = async () => {
			calls += 1;
			throw new DecryptError("DECRYPT_NO_IDENTITY", "No key fits.");
		};
		await world.start({ decryptor: { decrypt } });
		await world.clock.advance(120_000);
		expect(calls).toBe(1);
	});
});

it("D35 resolves `required` with what is on disk while the source is down", async () => {
	const world = new RestartStage(await sealArtifact());
	await (await world.start()).close();
	world.goDown();
	const agent = await world.start({ firstLoad: "required" });
	expect(agent.secrets().find("KEY")).toMatchObject({ value: "value" });
});

it("D36 keeps nothing that was restored while the agent was being closed", async () => {
	const world = new RestartStage(await sealArtifact());
	await (await world.start()).close();
	world.goDown();
	const agent = await createAgent({
		source: world.source,
		decryptor: { decrypt: () => agent.close().then(() => Buffer.from('{"KEY":"value"}')) },
		clock: world.clock,
		cachePath: world.cachePath,
		firstLoad: "background",
	});
	await agent.refresh();
	await settle();
	expect(agent.status()).toMatchObject({ state: "not_loaded", revision: null });
});

function recordIn(cachePath: string): string {
	const folder = join(cachePath, "clef-agent");
	return join(folder, readdirSync(folder).find((name) => name.endsWith(".clef")) ?? "none");
}
