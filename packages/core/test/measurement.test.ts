import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type AgentMeasurement, type AgentOptions, createAgent, SourceError } from "../src/index.js";

const NOW = Date.parse("2026-11-22T05:00:00.000Z");
const packedAt = (minute: number) => `2026-11-22T04:0${minute}:00.000Z`;

/** An agent over a scripted source, and what it measured; what comes back is forgotten. */
async function measuring(body: Uint8Array, options: Partial<AgentOptions> = {}) {
	const source = new ScriptedSource(body);
	const clock = new ManualClock(NOW);
	const measurements: AgentMeasurement[] = [];
	const agent = await createAgent({
		source,
		clock,
		decryptor: { ageIdentities: vectorKeys.ageSecretKey },
		verifyKeys: vectorKeys.ed25519PublicKey,
		firstLoad: "background",
		onMeasurement: (measurement) => measurements.push(measurement),
		...options,
	});
	onTestFinished(() => agent.close());
	await agent.refreshIfDue();
	return { agent, clock, source, drain: () => measurements.splice(0) };
}

const step = (name: string, code?: string) =>
	expect.objectContaining({ name, startedAt: NOW, durationMs: 0, code });

describe.each([300, 0])("what is measured at a TTL of %i", (ttlSeconds) => {
	const isCached = ttlSeconds > 0;

	it("is each refresh with the steps it took, and each decryption", async () => {
		const { agent, source, drain } = await measuring(await sealArtifact(), { ttlSeconds });
		const decrypted = {
			event: "secrets.decrypted",
			at: NOW,
			durationMs: 0,
			encryption: "age",
			code: undefined,
		};
		const refreshed = {
			event: "refresh.finished",
			at: NOW,
			startedAt: NOW,
			durationMs: 0,
			outcome: "replaced",
			code: undefined,
		};
		const steps = [step("read"), step("verify"), ...(isCached ? [step("decrypt")] : [])];
		expect(drain()).toEqual([...(isCached ? [decrypted] : []), { ...refreshed, steps }]);

		await agent.refresh();
		expect(drain()).toEqual([{ ...refreshed, outcome: "confirmed", steps: [step("read")] }]);

		source.put(Buffer.from('{"revokedAt":"2026-11-22T04:40:00.000Z"}'));
		await agent.refresh();
		expect(drain()).toEqual([{ ...refreshed, outcome: "revoked", steps: [step("read"), step("verify")] }]);
	});

	it("names the step in which a refresh failed", async () => {
		const { agent, source, drain } = await measuring(await sealArtifact({ packedAt: packedAt(2) }), {
			ttlSeconds,
		});
		drain();
		source.put(await sealArtifact({ revision: "r0", packedAt: packedAt(1) }));
		await agent.refresh();
		source.failWith(new SourceError("SOURCE_TIMEOUT", "Late."));
		await agent.refresh();
		expect(drain()).toMatchObject([
			{
				outcome: "kept",
				code: "ARTIFACT_ROLLED_BACK",
				steps: [step("read"), step("verify", "ARTIFACT_ROLLED_BACK")],
			},
			{ outcome: "kept", code: "SOURCE_TIMEOUT", steps: [step("read", "SOURCE_TIMEOUT")] },
		]);
	});

	it("counts a decryption that failed, in any way, and keeps what was held", async () => {
		let calls = 0;
		const decryptor = {
			decrypt: async () => {
				calls += 1;
				if (calls === 1 && isCached) return Buffer.from('{"KEY":"value"}');
				throw new RangeError("odd");
			},
		};
		const { agent, source, drain } = await measuring(await sealArtifact({ packedAt: packedAt(1) }), {
			ttlSeconds,
			decryptor,
		});
		drain();
		source.put(await sealArtifact({ revision: "r2", packedAt: packedAt(2) }));
		await agent.refresh();
		expect(drain()).toMatchObject([
			{ event: "secrets.decrypted", code: "DECRYPT_UNWRAP_FAILED" },
			{ outcome: "kept", steps: [step("read"), step("verify"), step("decrypt", "DECRYPT_UNWRAP_FAILED")] },
		]);
	});
});

it("is how long things took, by the clock that never goes back", async () => {
	const { agent, clock, source, drain } = await measuring(await sealArtifact());
	drain();
	source.once(() => {
		clock.jumpTo(NOW - 3_600_000);
		clock.freeze(250);
		return { kind: "unmodified" };
	});
	await agent.refresh();
	expect(drain()).toMatchObject([
		{ durationMs: 250, startedAt: NOW, steps: [{ name: "read", durationMs: 250 }] },
	]);
});

it("is nothing for a refresh that was abandoned", async () => {
	const { agent, source, drain } = await measuring(await sealArtifact());
	drain();
	source.once(
		(signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
	);
	const refreshing = agent.refresh();
	await settle();
	await agent.close();
	await refreshing;
	expect(drain()).toEqual([]);
});

it("is each call of a KMS, also for whoever gave the decryptor's options", async () => {
	const kms = await AwsKmsServer.start();
	onTestFinished(() => kms.close());
	for (const [name, value] of Object.entries(kms.environment())) vi.stubEnv(name, value);
	onTestFinished(() => void vi.unstubAllEnvs());
	const key = kms.key();
	const envelope = await sealEnvelope({
		provider: "aws",
		keyId: key.arn,
		wrap: (dataKey) => encryptWith(key, dataKey),
	});
	const calls: unknown[] = [];
	const { drain } = await measuring(envelope, { decryptor: { onKmsCall: (call) => calls.push(call) } });
	expect(drain()).toMatchObject([
		{ event: "kms.called", at: NOW, provider: "aws", code: undefined },
		{ event: "secrets.decrypted", encryption: "kms", code: undefined },
		{ event: "refresh.finished", outcome: "replaced" },
	]);
	expect(calls).toMatchObject([{ provider: "aws" }]);
});
