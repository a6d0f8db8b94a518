import { TrustFloor } from "@clef-sh/artifact";
import { SnapshotCache } from "@clef-sh/cache";
import { DecryptError } from "@clef-sh/decryptors";
import { type Source, SourceError, type SourceResult } from "@clef-sh/sources";
import { sealArtifact, sealFields } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { turnsWhile } from "@clef-sh/testkit/loop-turns";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { Disk } from "../src/disk.js";
import { type AgentEvent, importTrustedKeys } from "../src/index.js";
import { cachedMode, jitMode, type Mode } from "../src/mode.js";
import { type CycleParts, runRefreshCycle } from "../src/refresh-cycle.js";
import { Reporter } from "../src/reporter.js";
import { VerifyKeys } from "../src/verify-keys.js";

const LATER = "2026-11-22T04:40:00Z";
const OLD = { etag: "old" };
const NEW = { etag: "new" };
/** More than is worked on in one turn of the event loop. */
const LARGE = "x".repeat(100_000);

interface Stage<T> {
	readonly parts: CycleParts<T>;
	readonly clock: ManualClock;
	readonly events: AgentEvent[];
	/** What the decryptor does instead of giving a payload. */
	fault: (() => never) | undefined;
	payload: string;
	/** What the source says next. */
	answer: () => SourceResult | Promise<SourceResult>;
	run(signal?: AbortSignal): ReturnType<typeof runRefreshCycle>;
}

/** The parts of one cycle, all real but the source and the decryptor. */
function staged<T>(modeOf: (decrypt: () => Promise<Uint8Array>) => Mode<T>): Stage<T> {
	const clock = new ManualClock();
	const events: AgentEvent[] = [];
	const trustedKeys = importTrustedKeys(vectorKeys.ed25519PublicKey);
	const mode = modeOf(async () => {
		stage.fault?.();
		return Buffer.from(stage.payload);
	});
	const cache = new SnapshotCache<T>(mode.release);
	const reporter = new Reporter((event) => events.push(event), clock, cache, mode);
	const source: Source = { type: "http", description: "the place", read: async () => stage.answer() };
	const parts: CycleParts<T> = {
		source,
		decryptor: {},
		policy: { trustedKeys, floor: new TrustFloor() },
		verifyKeys: new VerifyKeys(trustedKeys),
		mode,
		cache,
		disk: new Disk(undefined, clock, reporter),
		clock,
		reporter,
		onMeasurement: () => undefined,
	};
	const stage: Stage<T> = {
		parts,
		clock,
		events,
		fault: undefined,
		payload: '{"KEY":"value"}',
		answer: () => ({ kind: "unmodified" }),
		run: (signal = new AbortController().signal) => runRefreshCycle(parts, OLD, signal),
	};
	return stage;
}

const modified = (bytes: Uint8Array) => (): SourceResult => ({ kind: "modified", bytes, validator: NEW });

const modes = [
	["cached", () => staged<unknown>((decrypt) => cachedMode({ decrypt }, 300) as Mode<unknown>)],
	["just-in-time", () => staged<unknown>((decrypt) => jitMode({ decrypt }) as Mode<unknown>)],
] as const;

describe.each(modes)("one refresh, %s", (_, start) => {
	/** A stage that holds the first artifact. */
	const holding = async () => {
		const stage = start();
		stage.answer = modified(await sealArtifact());
		await stage.run();
		return stage;
	};

	it("asks the next time with the validator of what it took", async () => {
		const stage = start();
		stage.answer = modified(await sealArtifact());
		await expect(stage.run()).resolves.toEqual({
			outcome: { kind: "replaced", revision: "r1" },
			validator: NEW,
		});
	});

	it("asks the next time without one where the place gave none", async () => {
		const stage = start();
		const bytes = await sealArtifact();
		stage.answer = () => ({ kind: "modified", bytes });
		expect((await stage.run()).validator).toBeUndefined();
	});

	it.each([
		["is nonsense", async () => Buffer.from("nonsense"), "ARTIFACT_MALFORMED"],
		[
			"A1 is older",
			() => sealArtifact({ revision: "r0", packedAt: "2026-11-22T04:00:00Z" }),
			"ARTIFACT_ROLLED_BACK",
		],
		["A8 is unsigned", () => sealArtifact({ signingKey: false }), "ARTIFACT_SIGNATURE_MISSING"],
	])("T21 keeps the validator of what is held when what came %s", async (_case, body, code) => {
		const stage = await holding();
		stage.answer = modified(await body());
		await expect(stage.run()).resolves.toMatchObject({
			outcome: { kind: "kept", error: { code } },
			validator: OLD,
		});
		expect(stage.parts.cache.current?.artifact.header.revision).toBe("r1");
	});

	it("A1 does not raise the floor for what cannot be decrypted while something good is held", async () => {
		const stage = await holding();
		stage.fault = () => {
			throw new DecryptError("DECRYPT_UNWRAP_FAILED", "The KMS is busy.", { retryable: true });
		};
		stage.answer = modified(await sealArtifact({ revision: "r2", packedAt: LATER }));
		await expect(stage.run()).resolves.toMatchObject({ outcome: { kind: "kept" }, validator: OLD });
		expect(stage.parts.policy.floor.state().marks).toMatchObject([{ revision: "r1" }]);
		stage.fault = undefined;
		await expect(stage.run()).resolves.toMatchObject({ outcome: { kind: "replaced", revision: "r2" } });
		expect(stage.parts.policy.floor.state().marks).toMatchObject([{ revision: "r2" }]);
	});

	it("spares the decryption of what is held, and nothing else", async () => {
		const fields = await sealFields();
		const stage = start();
		stage.answer = modified(Buffer.from(JSON.stringify(fields)));
		await stage.run();
		stage.fault = () => {
			throw new RangeError("decrypted again");
		};
		stage.clock.freeze(5_000);
		stage.answer = modified(Buffer.from(JSON.stringify({ ...fields, unknown: "field" })));
		await expect(stage.run()).resolves.toEqual({ outcome: { kind: "confirmed" }, validator: NEW });
		expect(stage.parts.cache.current?.confirmedAt.monotonicMs).toBe(5_000);
		stage.answer = modified(Buffer.from(JSON.stringify({ ...fields, signature: "AAAA" })));
		await expect(stage.run()).resolves.toMatchObject({
			outcome: { kind: "kept", error: { code: "ARTIFACT_SIGNATURE_INVALID" } },
		});
	});

	it("T24 counts freshness from before the read, however long the answer took", async () => {
		const stage = await holding();
		const bytes = await sealArtifact({ revision: "r2", packedAt: LATER });
		for (const answer of [modified(bytes), (): SourceResult => ({ kind: "unmodified" })]) {
			const before = { wallMs: stage.clock.now(), monotonicMs: stage.clock.monotonic() };
			stage.answer = () => {
				stage.clock.freeze(40_000);
				return answer();
			};
			await stage.run();
			expect(stage.parts.cache.current?.confirmedAt).toEqual(before);
		}
	});

	it("A9 asks for the whole body after a revocation, and tells of it once", async () => {
		const stage = await holding();
		stage.answer = modified(Buffer.from('{"revokedAt":"2026-11-22T04:45:00Z"}'));
		for (let poll = 0; poll < 3; poll += 1) {
			await expect(stage.run()).resolves.toEqual({ outcome: { kind: "revoked" }, validator: undefined });
		}
		expect(stage.events.filter(({ event }) => event === "artifact.revoked")).toHaveLength(1);
		expect(stage.parts.cache.current).toBeUndefined();
	});

	it("T27 says of a source that fails in a way of its own only that it failed", async () => {
		const stage = await holding();
		stage.answer = () => {
			throw new RangeError("https://user:password@place.example/?token=secret");
		};
		const { outcome } = await stage.run();
		expect(outcome).toMatchObject({
			error: { code: "SOURCE_UNREACHABLE", message: "Reading the place failed." },
		});
		expect(JSON.stringify([outcome, stage.events])).not.toMatch(/secret|password/);
	});

	it("D36 lets nothing count of a large body whose refresh is abandoned before it is read", async () => {
		const stage = await holding();
		const told = stage.events.length;
		const controller = new AbortController();
		stage.answer = () => {
			setImmediate(() => controller.abort());
			const revocation = { revokedAt: "2026-11-22T04:45:00Z", padding: LARGE };
			return modified(Buffer.from(JSON.stringify(revocation)))();
		};
		expect((await stage.run(controller.signal)).outcome.kind).toBe("kept");
		expect(stage.events).toHaveLength(told);
		expect(stage.parts.cache.current?.artifact.header.revision).toBe("r1");
	});

	it("D36 lets nothing of an abandoned refresh count, and tells nobody", async () => {
		const stage = await holding();
		const told = stage.events.length;
		const controller = new AbortController();
		const bytes = await sealArtifact({ revision: "r2", packedAt: LATER });
		for (const answer of [
			modified(bytes),
			modified(Buffer.from('{"revokedAt":"2026-11-22T04:45:00Z"}')),
			() => {
				throw new SourceError("SOURCE_TIMEOUT", "Late.");
			},
		]) {
			stage.answer = () => {
				controller.abort();
				return answer();
			};
			expect((await stage.run(controller.signal)).outcome.kind).toBe("kept");
		}
		expect(stage.events).toHaveLength(told);
		expect(stage.parts.cache.current?.artifact.header.revision).toBe("r1");
		expect(stage.parts.policy.floor.revokedAtMs()).toBeUndefined();
	});
});

it("lets others run around each step over a large body, and between pieces of the longer ones", async () => {
	const stage = staged((decrypt) => cachedMode({ decrypt }, 300));
	stage.answer = modified(await sealArtifact());
	expect(await turnsWhile(() => stage.run())).toBeLessThan(4);
	stage.answer = modified(await sealArtifact({ revision: "r2", packedAt: LATER, secrets: { KEY: LARGE } }));
	// The body itself, before and after it is read.
	expect(await turnsWhile(() => stage.run())).toBeGreaterThanOrEqual(2 * 4);
	stage.payload = JSON.stringify({ A: LARGE, B: LARGE });
	stage.answer = modified(await sealArtifact({ revision: "r3", packedAt: LATER, secrets: { KEY: LARGE } }));
	// Before and after the payload, and after each value that is read and serialised.
	expect(await turnsWhile(() => stage.run())).toBeGreaterThanOrEqual((2 + 2 + 2 + 2) * 4);
	expect(stage.parts.cache.current?.artifact.header.revision).toBe("r3");
});
