import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { settle } from "@clef-sh/testkit/clock";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { harmlessSink } from "../src/harmless-sink.js";
import { startAgent } from "./harness.js";

const fail = () => {
	throw new TypeError("with a secret in it");
};

describe("harmlessSink", () => {
	it("passes on what it is told, and swallows it where nobody listens", () => {
		const told: number[] = [];
		harmlessSink<number>("onEvent", (each) => told.push(each))(7);
		harmlessSink<number>("onEvent", undefined)(8);
		expect(told).toEqual([7]);
	});

	it.each([
		[fail, "TypeError"],
		[
			() => {
				throw "text";
			},
			"string",
		],
		[async () => fail(), "TypeError"],
		[() => Promise.reject("text"), "string"],
	])("warns of what the sink throws or rejects with by its kind alone: %s", async (sink, detail) => {
		const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
		harmlessSink("onKmsCall", sink)(undefined);
		await settle();
		expect(warn.mock.calls).toEqual([
			["The onKmsCall sink of a clef agent threw.", { code: "CLEF_EVENT_SINK", detail }],
		]);
	});
});

describe.each([300, 0])("an agent whose sinks throw, at a TTL of %i", (ttlSeconds) => {
	it("loads, goes on polling and serves as if they did not", async () => {
		vi.spyOn(process, "emitWarning").mockReturnValue();
		const { agent, clock, source } = await startAgent(await sealArtifact(), {
			ttlSeconds,
			onMeasurement: fail,
		});
		expect((await agent.open()).body("packed")?.toString()).toBe('{"KEY":"value"}');
		source.put(await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:31:00Z" }));
		const reads = source.reads.length;
		await clock.advance(30_000);
		expect(source.reads.length).toBeGreaterThan(reads);
		await agent.refresh();
		expect(agent.status()).toMatchObject({ state: "ready", revision: "r2", lastError: null });
	});

	it("A15 takes the data key of a KMS", async () => {
		vi.spyOn(process, "emitWarning").mockReturnValue();
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
		const { agent } = await startAgent(envelope, { ttlSeconds, decryptor: { onKmsCall: fail } });
		expect((await agent.open()).secrets.size).toBeGreaterThan(0);
	});
});
