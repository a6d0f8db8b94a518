import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { held, ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Agent, type AgentEvent, createAgent, SourceError } from "../src/index.js";

const START = Date.parse("2026-11-22T05:00:00.000Z");
const LAST = 4;
/** One artifact a minute, each with its number as revision; sealing takes longer than all that is done with it. */
const bodies = await Promise.all(
	Array.from({ length: LAST + 1 }, (_, n) =>
		sealArtifact({ revision: String(n), packedAt: new Date(START - 3_600_000 + n * 60_000).toISOString() }),
	),
);

/** An agent and everything that can happen around it, in any order. */
class World {
	readonly clock: ManualClock = new ManualClock(START);
	readonly source: ScriptedSource = new ScriptedSource(bodies[0]);
	readonly events: AgentEvent[] = [];
	/** Promises that must neither reject nor stay open for ever. */
	readonly promised: Promise<unknown>[] = [];
	reading = 0;
	mostReading = 0;
	#gates: (() => void)[] = [];

	async start(ttlSeconds: number): Promise<Agent> {
		const { clock, source } = this;
		const read: ScriptedSource["read"] = async (validator, signal) => {
			this.reading += 1;
			this.mostReading = Math.max(this.mostReading, this.reading);
			try {
				return await source.read(validator, signal);
			} finally {
				this.reading -= 1;
			}
		};
		return createAgent({
			source: { type: "http", description: "the place", read },
			clock,
			decryptor: { decrypt: async () => Buffer.from('{"KEY":"value"}') },
			verifyKeys: vectorKeys.ed25519PublicKey,
			firstLoad: "background",
			ttlSeconds,
			random: () => 0.5,
			onEvent: (event) => this.events.push(event),
		});
	}

	/** The next read waits until {@link letGo}. */
	holdNextRead(): void {
		const gate = held<void>();
		this.#gates.push(() => gate.settle());
		this.source.once(async () => {
			await gate.promise;
			return this.source.answer(undefined);
		});
	}

	letGo(): void {
		for (const open of this.#gates.splice(0)) open();
	}

	put(n: number): void {
		this.source.put(bodies[n] ?? new Uint8Array());
	}

	revoke(n: number): void {
		const revokedAt = new Date(START - 3_600_000 + n * 60_000).toISOString();
		this.source.put(Buffer.from(JSON.stringify({ revokedAt })));
	}
}

type Act = (world: World, agent: Agent) => unknown;

const always = (name: string, act: Act) => fc.constant({ name, act });
const act = fc.oneof(
	fc.nat(LAST).map((n) => ({ name: `put ${n}`, act: ((world) => world.put(n)) as Act })),
	fc.nat(LAST - 1).map((n) => ({ name: `revoke ${n}`, act: ((world) => world.revoke(n)) as Act })),
	fc
		.integer({ min: 1, max: 400_000 })
		.map((ms) => ({ name: `advance ${ms}`, act: ((world) => world.clock.advance(ms)) as Act })),
	fc
		.integer({ min: -7_200_000, max: 60_000 })
		.map((ms) => ({ name: `jump ${ms}`, act: ((world) => world.clock.jumpTo(START + ms)) as Act })),
	always("freeze", (world) => world.clock.freeze(90_000)),
	always("hold", (world) => world.holdNextRead()),
	always("let go", (world) => world.letGo()),
	always("down", (world) => world.source.failWith(new SourceError("SOURCE_UNREACHABLE", "Down."))),
	always("up", (world) => world.source.recover()),
	always("refresh", (world, agent) => world.promised.push(agent.refresh())),
	always("refresh anew", (world, agent) => world.promised.push(agent.refreshAnew())),
	always("changed", (_, agent) => agent.sourceChanged()),
	always("resumed", (world, agent) => world.promised.push(agent.resumed() ?? Promise.resolve())),
	always("open", (world, agent) => world.promised.push(agent.open().then(assertReadable, assertCoded))),
	always("settle", () => settle()),
);

function assertReadable(opened: Awaited<ReturnType<Agent["open"]>>): void {
	expect(opened.body("packed")?.toString()).toBe('{"KEY":"value"}');
}

function assertCoded(error: unknown): void {
	expect(error).toHaveProperty("code");
}

/** The numbers of the artifacts that took the cell, in order. */
const taken = (events: readonly AgentEvent[]) =>
	events.flatMap((event) => (event.event === "artifact.refreshed" ? [Number(event.revision)] : []));

describe.each([300, 0])("whatever happens in whatever order, at a TTL of %i", (ttlSeconds) => {
	it("A1 A9 T25 an agent reads once at a time, never goes back, serves nothing revoked, and ends", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(act, { minLength: 30, maxLength: 60, size: "max" }), async (acts) => {
				const world = new World();
				const agent = await world.start(ttlSeconds);
				await settle();
				for (const { act: happen } of acts) {
					await happen(world, agent);
					const { revision, state } = agent.status();
					if (state === "ready") expect(Number(revision)).toBeGreaterThanOrEqual(lowest(world.events));
				}
				world.letGo();
				world.source.recover();
				await settle();
				world.promised.push(agent.refresh());
				await agent.close();
				const told = world.events.length;
				world.promised.push(agent.refresh(), agent.refreshAnew());
				world.letGo();
				await Promise.all(world.promised);
				await settle();
				expect(agent.status()).toMatchObject({ state: "not_loaded", revision: null });
				expect(world.clock.pendingTimers).toBe(0);
				expect(world.events).toHaveLength(told);
				expect(world.mostReading).toBe(1);
				const numbers = taken(world.events);
				expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
			}),
			{ numRuns: 100 },
		);
	});
});

/** The least that may be held after what was told: nothing at or below a revocation, nothing before what was taken. */
function lowest(events: readonly AgentEvent[]): number {
	return events.reduce((least, event) => {
		if (event.event === "artifact.refreshed") return Math.max(least, Number(event.revision));
		return event.event === "artifact.revoked" ? least + 1 : least;
	}, 0);
}
