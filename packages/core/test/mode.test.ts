import { parseArtifact, TrustFloor, type VerifiedArtifact, verifyArtifact } from "@clef-sh/artifact";
import { DecryptError, type Decryptor } from "@clef-sh/decryptors";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { settle } from "@clef-sh/testkit/clock";
import { held } from "@clef-sh/testkit/scripted-source";
import { describe, expect, it } from "vitest";
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
		const content = await mode.prepare(await verified(), signal);
		expect(await mode.open(content, signal)).toBe(content);
		expect(decryptor.calls).toBe(1);
		expect(mode.keyCount(content)).toBe(1);
	});
});

describe("jitMode", () => {
	it("prepares without decrypting", async () => {
		const decryptor = countingDecryptor();
		const artifact = await verified();
		expect(await jitMode(decryptor).prepare(artifact, signal)).toBe(artifact);
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
		expect(events.at(-1)).toMatchObject({ event: "artifact.invalid", reason: "kms_unwrap" });
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
		const decryptor = countingDecryptor(gate.promise);
		const { agent, source } = await startAgent(await sealArtifact(), { ttlSeconds: 0, decryptor });
		const opening = agent.open();
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		await agent.refresh();
		gate.settle();
		expect((await opening).revision).toBe("r2");
	});

	it("turns what a decryptor throws into an error of ours", async () => {
		const decryptor: Decryptor = { decrypt: () => Promise.reject(new TypeError("inner secret")) };
		const { agent } = await startAgent(await sealArtifact(), { decryptor });
		const outcome = await agent.refresh();
		expect(outcome).toMatchObject({ kind: "kept", error: { code: "DECRYPT_UNWRAP_FAILED" } });
		expect(JSON.stringify(outcome)).not.toContain("inner secret");
	});
});
