import { createAgent, SourceError } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { held, ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { FunctionAgent } from "../src/function-agent.js";
import { LambdaClock } from "../src/lambda-clock.js";

const one = await sealArtifact({ revision: "r1", packedAt: "2026-11-22T04:01:00.000Z" });
const two = await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:02:00.000Z" });

interface StageOptions {
	readonly ttlSeconds: number;
	readonly isSnapshot?: boolean;
	readonly initial?: Promise<void>;
}

/** A function's agent over a scripted source, which has read it once if that could be. */
async function stage(source: ScriptedSource, { ttlSeconds, isSnapshot = false, initial }: StageOptions) {
	const base = new ManualClock();
	const clock = new LambdaClock(base);
	const agent = await createAgent({
		source,
		decryptor: { ageIdentities: vectorKeys.ageSecretKey },
		ttlSeconds,
		clock,
		random: () => 0.5,
		firstLoad: "background",
	});
	onTestFinished(() => agent.close());
	await agent.refreshIfDue();
	const served = new FunctionAgent({
		agent,
		clock,
		initial: initial ?? Promise.resolve(),
		isSnapshot,
		staleAfterMs: 300_000,
		after: (ms) => new Promise((resolve) => base.setTimeout(resolve, ms)),
	});
	const revision = async () => (await served.open()).revision;
	return { agent, base, revision, served, source };
}

const down = () => new SourceError("SOURCE_UNREACHABLE", "Nobody there.");

describe("a request early in an environment's life", () => {
	it("D40 waits for the first load", async () => {
		const gate = held<void>();
		const { revision } = await stage(new ScriptedSource(one), { ttlSeconds: 300, initial: gate.promise });
		let answered = false;
		const asked = revision().finally(() => {
			answered = true;
		});
		await settle();
		expect(answered).toBe(false);
		gate.settle();
		expect(await asked).toBe("r1");
	});

	it("D40 falls into the refresh that runs when nothing could be loaded so far", async () => {
		const source = new ScriptedSource(one);
		source.failWith(down());
		const { agent, revision } = await stage(source, { ttlSeconds: 300 });
		await expect(revision()).rejects.toMatchObject({ reason: "not_loaded" });
		source.recover();
		void agent.refresh();
		expect(await revision()).toBe("r1");
	});

	it("D40 does not wait for longer than a second for a source that hangs", async () => {
		const source = new ScriptedSource(one);
		source.failWith(down());
		const { agent, base, revision } = await stage(source, { ttlSeconds: 300 });
		source.recover();
		source.once(() => new Promise(() => undefined));
		void agent.refresh();
		const refused = expect(revision()).rejects.toMatchObject({ reason: "not_loaded" });
		await base.advance(1_000);
		await refused;
	});
});

describe("a request during an invocation", () => {
	it("gets what is held and fresh at once while a refresh runs", async () => {
		const { agent, revision, source } = await stage(new ScriptedSource(one), { ttlSeconds: 300 });
		await revision();
		source.once(() => new Promise(() => undefined));
		void agent.refresh();
		expect(await revision()).toBe("r1");
	});

	it("gets what the refresh brings in just-in-time mode", async () => {
		const { agent, revision, source } = await stage(new ScriptedSource(one), { ttlSeconds: 0 });
		await revision();
		source.put(two);
		void agent.refresh();
		expect(await revision()).toBe("r2");
	});
});

describe("the first sign of life after a freeze", () => {
	it.each([0, 300])("D40 refreshes once what is due at a TTL of %i", async (ttlSeconds) => {
		const { base, revision, served, source } = await stage(new ScriptedSource(one), { ttlSeconds });
		await revision();
		served.rest();
		base.freeze(3_600_000);
		source.put(two);
		const reads = source.reads.length;
		expect(await Promise.all([revision(), revision(), served.wake()])).toMatchObject(["r2", "r2", undefined]);
		expect(source.reads.length).toBe(reads + 1);
	});

	it("D40 leaves a read alone after a pause in which its connection has lived on", async () => {
		const { agent, base, served, source } = await stage(new ScriptedSource(one), { ttlSeconds: 300 });
		const reads = source.reads.length;
		source.once(() => new Promise(() => undefined));
		void agent.refresh();
		served.rest();
		base.freeze(4_999);
		expect(served.wake()).toBeInstanceOf(Promise);
		await settle();
		expect(source.reads.length).toBe(reads + 1);
	});

	it("has nothing to do when nothing is due", async () => {
		const { base, served } = await stage(new ScriptedSource(one), { ttlSeconds: 300 });
		served.rest();
		base.freeze(100);
		expect(served.wake()).toBeUndefined();
	});

	it("D40 takes everything in a snapshot for stale, in each copy of it once", async () => {
		const source = new ScriptedSource(one);
		const { revision, served } = await stage(source, { ttlSeconds: 300, isSnapshot: true });
		expect(await revision()).toBe("r1");
		served.rest();
		source.put(two);
		expect(await revision()).toBe("r2");
		served.rest();
		const reads = source.reads.length;
		expect(served.wake()).toBeUndefined();
		expect(await revision()).toBe("r2");
		expect(source.reads.length).toBe(reads);
	});
});

it("says of itself what the agent says", async () => {
	const { agent, served } = await stage(new ScriptedSource(one), { ttlSeconds: 300 });
	expect(served.status()).toEqual(agent.status());
});
