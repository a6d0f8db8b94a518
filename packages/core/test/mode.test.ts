import { parseArtifact, TrustFloor, type VerifiedArtifact, verifyArtifact } from "@clef-sh/artifact";
import { DecryptError, type Decryptor } from "@clef-sh/decryptors";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { settle } from "@clef-sh/testkit/clock";
import { held } from "@clef-sh/testkit/scripted-source";
import { vector } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { SourceError } from "../src/index.js";
import { cachedMode, jitMode } from "../src/mode.js";
import { startAgent } from "./harness.js";

const signal = new AbortController().signal;

async function verified(): Promise<VerifiedArtifact> {
	const parsed = parseArtifact(await sealArtifact());
	if (parsed.kind !== "artifact") throw new TypeError("not an artifact");
	return verifyArtifact(
		parsed,
		{ trustedKeys: [], floor: new TrustFloor() },
		Date.parse("2026-11-22T05:00:00Z"),
	);
}

/** Decrypts to a fixed payload, counting, each time when the gate opens. */
function countingDecryptor(gate: Promise<void> = Promise.resolve()): Decryptor & { calls: number } {
	return {
		calls: 0,
		async decrypt() {
			this.calls += 1;
			await gate;
			return Buffer.from('{"KEY":"value"}');
		},
	};
}

describe("cachedMode", () => {
	it("derives its times from the TTL, polling no faster than each second", () => {
		expect(cachedMode(countingDecryptor(), 300)).toMatchObject({ staleAfterMs: 300_000, pollMs: 30_000 });
		expect(cachedMode(countingDecryptor(), 5)).toMatchObject({ staleAfterMs: 5_000, pollMs: 1_000 });
	});

	it("opens without decrypting", async () => {
		const decryptor = countingDecryptor();
		const mode = cachedMode(decryptor, 300);
		const artifact = await verified();
		const content = await mode.prepare(artifact, () => mode.decrypt(artifact, signal), false);
		expect(await mode.open(content, signal)).toBe(content);
		expect(decryptor.calls).toBe(1);
		expect(mode.keyCount(content)).toBe(1);
	});
});

describe("jitMode", () => {
	it("prepares without decrypting", async () => {
		const decryptor = countingDecryptor();
		const artifact = await verified();
		const mode = jitMode(decryptor);
		const decrypt = () => mode.decrypt(artifact, signal);
		expect(await mode.prepare(artifact, decrypt, false)).toBe(artifact);
		expect(decryptor.calls).toBe(0);
	});

	it("shares one decryption among readers that meet, and starts anew for the next", async () => {
		const gate = held<void>();
		const decryptor = countingDecryptor(gate.promise);
		const mode = jitMode(decryptor);
		const artifact = await verified();
		const readers = [mode.open(artifact, signal), mode.open(artifact, signal), mode.open(artifact, signal)];
		gate.settle();
		expect(new Set(await Promise.all(readers)).size).toBe(1);
		expect(decryptor.calls).toBe(1);
		await settle();
		await mode.open(artifact, signal);
		expect(decryptor.calls).toBe(2);
	});

	it("does not share a decryption across artifacts", async () => {
		const decryptor = countingDecryptor();
		const mode = jitMode(decryptor);
		await Promise.all([mode.open(await verified(), signal), mode.open(await verified(), signal)]);
		expect(decryptor.calls).toBe(2);
	});

	it("tells every reader of a failure, keeps the artifact and works again at once", async () => {
		const body = await sealArtifact();
		let denied = true;
		const decryptor: Decryptor = {
			async decrypt() {
				if (denied) throw new DecryptError("DECRYPT_UNWRAP_FAILED", "Denied.");
				return Buffer.from('{"KEY":"value"}');
			},
		};
		const { agent, events } = await startAgent(body, { ttlSeconds: 0, decryptor });
		const readers = await Promise.allSettled([agent.open(), agent.open()]);
		expect(readers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
		expect(agent.status()).toMatchObject({ state: "ready", lastError: { code: "DECRYPT_UNWRAP_FAILED" } });
		const failures = events.filter(({ event }) => event === "artifact.invalid");
		expect(failures).toEqual([expect.objectContaining({ reason: "kms_unwrap" })]);
		denied = false;
		expect((await agent.open()).secrets.reveal()).toEqual({ KEY: "value" });
	});

	it("A9 does not hand out what was revoked while it was being decrypted", async () => {
		const gate = held<void>();
		const decryptor = countingDecryptor(gate.promise);
		const { agent, source } = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		const opening = agent.open();
		source.put(Buffer.from('{"revokedAt":"2026-11-22T05:00:00Z"}'));
		await agent.refresh();
		gate.settle();
		await expect(opening).rejects.toMatchObject({ code: "ARTIFACT_REVOKED" });
	});

	it("hands out the newer one when it was replaced meanwhile", async () => {
		const gate = held<void>();
		let calls = 0;
		const decryptor: Decryptor = {
			async decrypt() {
				calls += 1;
				if (calls === 1) await gate.promise;
				return Buffer.from('{"KEY":"value"}');
			},
		};
		const { agent, source } = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		const opening = agent.open();
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		await agent.refresh();
		gate.settle();
		expect((await opening).revision).toBe("r2");
	});

	it("opens the newer one when decrypting the older one fails after it was replaced", async () => {
		const gate = held<void>();
		let calls = 0;
		const decryptor: Decryptor = {
			async decrypt() {
				calls += 1;
				if (calls > 1) return Buffer.from('{"KEY":"value"}');
				await gate.promise;
				throw new DecryptError("DECRYPT_UNWRAP_FAILED", "The key is gone.");
			},
		};
		const { agent, source, drain } = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		const opening = agent.open();
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		await agent.refresh();
		gate.settle();
		expect((await opening).revision).toBe("r2");
		expect(drain()).not.toContain("artifact.invalid");
		expect(agent.status()).toMatchObject({ lastError: null });
	});

	it("shares a decryption only if it began after the first of its readers came", async () => {
		const order: string[] = [];
		const gate = held<void>();
		const decryptor: Decryptor = {
			async decrypt() {
				order.push("decrypt");
				await gate.promise;
				return Buffer.from('{"KEY":"value"}');
			},
		};
		const { agent } = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		expect(order).toEqual([]);
		order.push("first reader");
		const first = agent.open();
		order.push("second reader");
		const second = agent.open();
		await settle();
		gate.settle();
		expect(await first).toBe(await second);
		order.push("third reader");
		expect(await agent.open()).not.toBe(await first);
		expect(order).toEqual(["first reader", "decrypt", "second reader", "third reader", "decrypt"]);
	});

	it("does not open what expired while it was being decrypted", async () => {
		const gate = held<void>();
		const decryptor = countingDecryptor(gate.promise);
		const body = await sealArtifact({ expiresAt: "2026-11-22T05:10:00Z" });
		const { agent, clock } = await startAgent(body, { ttlSeconds: 0, decryptor });
		const opening = agent.open();
		await clock.advance(600_000);
		gate.settle();
		await expect(opening).rejects.toMatchObject({ code: "ARTIFACT_EXPIRED" });
	});

	it("says that nothing is held when it was closed while it was being decrypted", async () => {
		const decryptor: Decryptor = {
			decrypt: (_, signal) =>
				new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
		};
		const { agent, drain } = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		const opening = agent.open();
		await agent.close();
		await expect(opening).rejects.toMatchObject({ code: "AGENT_NOT_READY" });
		expect(drain().at(-1)).toBe("agent.stopped");
	});

	it("turns what a decryptor throws into an error of ours", async () => {
		const decryptor: Decryptor = { decrypt: () => Promise.reject(new TypeError("inner secret")) };
		const { agent } = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		await expect(agent.open()).rejects.toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			message: "The decryptor failed unexpectedly.",
		});
		expect(agent.status()).toMatchObject({ lastError: { code: "DECRYPT_UNWRAP_FAILED" } });
	});
});

describe("health, just-in-time", () => {
	/** An agent whose decryptor fails while `denied` is set. */
	async function deniedAgent() {
		const state = { denied: true };
		const decryptor: Decryptor = {
			async decrypt() {
				if (state.denied) throw new DecryptError("DECRYPT_UNWRAP_FAILED", "Denied.");
				return Buffer.from('{"KEY":"value"}');
			},
		};
		const harness = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		const open = () => harness.agent.open().catch(() => undefined);
		const lastCode = () => harness.agent.status().lastError?.code;
		await open();
		harness.drain();
		return { ...harness, state, open, lastCode };
	}

	it("keeps saying that decryption fails while refreshes succeed", async () => {
		const { agent, lastCode, drain } = await deniedAgent();
		expect(lastCode()).toBe("DECRYPT_UNWRAP_FAILED");
		await agent.refresh();
		expect(lastCode()).toBe("DECRYPT_UNWRAP_FAILED");
		expect(drain()).toEqual([]);
	});

	it("keeps what it has while another artifact cannot be decrypted either, and takes it once it can", async () => {
		const { agent, source, state, lastCode, drain } = await deniedAgent();
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		await agent.refresh();
		expect(agent.status().revision).toBe("r1");
		expect(lastCode()).toBe("DECRYPT_UNWRAP_FAILED");
		expect(drain()).toEqual(["artifact.invalid"]);
		state.denied = false;
		await agent.refresh();
		expect(agent.status().revision).toBe("r2");
		expect(drain()).toEqual(["artifact.refreshed"]);
	});

	it("stops at the first decryption that succeeds, and tells of the recovery once", async () => {
		const { agent, state, open, drain } = await deniedAgent();
		state.denied = false;
		await open();
		await open();
		expect(agent.status()).toMatchObject({ state: "ready", lastError: null });
		expect(drain()).toEqual(["agent.recovered"]);
	});

	it("says the later of two failures, and the other once that is over", async () => {
		const { agent, clock, source, open, state, lastCode } = await deniedAgent();
		await clock.advance(1_000);
		const down = () => source.once(() => Promise.reject(new SourceError("SOURCE_UNREACHABLE", "Down.")));
		down();
		await agent.refresh();
		expect(lastCode()).toBe("SOURCE_UNREACHABLE");
		await clock.advance(100);
		await open();
		expect(lastCode()).toBe("DECRYPT_UNWRAP_FAILED");
		state.denied = false;
		await open();
		expect(lastCode()).toBe("SOURCE_UNREACHABLE");
		await agent.refresh();
		expect(lastCode()).toBeUndefined();
	});
});

describe("A5 the same revision with a ciphertext that does not open, without a verify key", () => {
	const start = (ttlSeconds: number) => startAgent(vector("plain"), { ttlSeconds, isVerifying: false });

	it.each([0, 300])("is refused at a TTL of %i while a good one is held", async (ttlSeconds) => {
		const { agent, source } = await start(ttlSeconds);
		const good = (await agent.open()).secrets.reveal();
		source.put(vector("tampered-rehashed"));
		await expect(agent.refresh()).resolves.toMatchObject({ kind: "kept" });
		expect(agent.status()).toMatchObject({ lastError: { code: "DECRYPT_AUTHENTICATION_FAILED" } });
		expect((await agent.open()).secrets.reveal()).toEqual(good);
	});

	it("is taken just-in-time where nothing is held, so that the reason is known at once", async () => {
		const { agent, source } = await startAgent(vector("tampered-rehashed"), {
			ttlSeconds: 0,
			isVerifying: false,
		});
		await expect(agent.open()).rejects.toMatchObject({ code: "DECRYPT_AUTHENTICATION_FAILED" });
		source.put(vector("plain"));
		await agent.refresh();
		expect(Object.keys((await agent.open()).secrets.reveal())).not.toHaveLength(0);
	});
});
