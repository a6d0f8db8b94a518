import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@clef-sh/testkit/clock";
import type { TestServer } from "@clef-sh/testkit/servers";
import { type ArtifactEdition, IDENTITY, Press } from "./artifacts.js";
import { Belief, ChaosViolation } from "./belief.js";
import { assertOpening, assertStatus, openOnce } from "./check.js";
import type { Dice } from "./dice.js";
import { type Moment, TOLERANCE_MS } from "./facts.js";
import { Instance, type Setting } from "./instance.js";
import type { Slot } from "./model.js";
import type { PlaceContext } from "./places.js";
import { ChaosSource } from "./source.js";

/** What a run counts. */
export interface Tally {
	valuesChecked: number;
	refusalsChecked: number;
	restarts: number;
	reads: number;
}

/** Real time after which something that should come to rest hangs. */
const REST_WITHIN_MS = 20_000;
const STABLE_TURNS = 3;
/** How long readers leave a source alone that has failed. */
const READER_PAUSE_MS = 1_000;
/** A read that hangs, and a disk that does, end after this. */
const READ_DEADLINE_MS = 13_000;

/** One episode's agents, their source, disk and clock, and the model of what they may do. */
export class ChaosWorld implements PlaceContext {
	readonly setting: Setting;
	readonly dice: Dice;
	readonly clock: ManualClock = new ManualClock();
	readonly press: Press = new Press();
	readonly source: ChaosSource;
	readonly belief: Belief;
	readonly tally: Tally;
	readonly sound: ArtifactEdition[] = [];
	/** Copies of the record on disk that somebody took. */
	readonly copies: (Buffer | undefined)[] = [];
	readonly signers: readonly string[];
	readonly canWait = true;
	longestWaitMs = 0;
	readonly #running: Map<Slot, Instance> = new Map();
	readonly #origin: string;
	readonly #nextNumber: () => number;
	#latestWallMs = 0;
	#alarm: string | undefined;

	private constructor(setting: Setting, first: ArtifactEdition, dice: Dice, run: RunParts) {
		this.setting = setting;
		this.signers = setting.policy.signers;
		this.dice = dice;
		this.tally = run.tally;
		this.#origin = run.server.url;
		this.#nextNumber = run.nextNumber;
		this.belief = new Belief(setting.policy);
		this.source = new ChaosSource({ kind: "honest", edition: first, isTagged: true }, () => this.now());
		this.sound.push(first);
	}

	/** Makes a world with random options and one agent in it. */
	static async create(dice: Dice, run: RunParts): Promise<ChaosWorld> {
		const ttlSeconds = dice.pick([0, 0, 60, 60, 300]);
		const isCached = ttlSeconds > 0;
		const policy = {
			signers: dice.pick([[], ["a"], ["a"], ["a", "b"], ["a", "b"]]),
			identity: dice.chance(0.7) ? IDENTITY : undefined,
			isCached,
			staleAfterMs: isCached ? ttlSeconds * 1000 : 300_000,
		};
		const hasDisk = dice.chance(0.7);
		const cachePath = hasDisk ? await mkdtemp(join(tmpdir(), "clef-chaos-")) : undefined;
		const start = new ManualClock().now();
		const first = await new Press().artifact({ packedAtMs: start - 60_000, signer: "a", revision: "r0" });
		const world = new ChaosWorld({ policy, ttlSeconds, cachePath }, first, dice, run);
		run.enter(world);
		await world.start(0);
		return world;
	}

	now(): Moment {
		return { wallMs: this.clock.now(), monotonicMs: this.clock.monotonic() };
	}

	/** The agents that run, by slot. */
	get instances(): readonly Instance[] {
		return [...this.#running.values()];
	}

	instance(slot: Slot): Instance | undefined {
		return this.#running.get(slot);
	}

	/** What the server does with a request of a process that is part of this world. */
	serve(...[number, request, response]: Parameters<ChaosSource["serve"]>): void {
		this.tally.reads += 1;
		if (this.instances.some((instance) => instance.number === number))
			this.source.serve(number, request, response);
		else response.destroy();
	}

	/** Something that must never be was seen outside of a step. */
	readonly alarm = (what: string): void => {
		this.#alarm ??= what;
	};

	/** Starts an agent in an empty slot; its disk may fail from the first call on. */
	async start(slot: Slot, plan: Instance["disk"]["plan"] = () => undefined): Promise<void> {
		const number = this.#nextNumber();
		const { clock, source, alarm } = this;
		const place = { slot, number, clock, source, alarm, origin: this.#origin };
		this.belief.born(slot);
		const random = this.dice.fork();
		const instance = await Instance.start({ ...this.setting, ...place, random }, plan);
		this.#running.set(slot, instance);
		await this.rest();
	}

	/** Closes an agent as SIGTERM does, and asserts that nothing of it stays. */
	async stop(slot: Slot): Promise<void> {
		const instance = this.#running.get(slot);
		if (instance === undefined) return;
		this.#running.delete(slot);
		await instance.agent.close();
		const opening = await openOnce(instance);
		if (opening.code !== "AGENT_NOT_READY")
			throw new ChaosViolation(`closed, it gave ${JSON.stringify(opening)}`);
		await this.#until(() => instance.clock.pending("source") === 0 && !instance.disk.isBusy, "close");
		if (instance.clock.pending("loop") > 0) throw new ChaosViolation("a closed agent goes on refreshing");
		await instance.kill();
		await this.rest();
	}

	/** Ends an agent in the middle of whatever it does. */
	async crash(slot: Slot): Promise<void> {
		const instance = this.#running.get(slot);
		this.#running.delete(slot);
		await instance?.kill();
	}

	/** Lets everything happen that needs no time, and tells the model of it. */
	async rest(): Promise<void> {
		await this.#until(() => this.instances.every(({ isAtRest }) => isAtRest), "rest");
		const { instances, source } = this;
		const isContested = instances.length > 1 && instances.every(({ number }) => source.hasAnswered(number));
		for (const instance of instances) this.belief.follow(instance, source, this.now(), isContested);
		if (this.#alarm !== undefined) throw new ChaosViolation(this.#alarm);
	}

	async #until(isOver: () => boolean, what: string): Promise<void> {
		const deadline = performance.now() + REST_WITHIN_MS;
		for (let stable = 0; stable < STABLE_TURNS; stable = isOver() ? stable + 1 : 0) {
			await new Promise<void>((resolve) => setImmediate(resolve));
			if (performance.now() > deadline) throw new ChaosViolation(`it does not come to ${what}`);
		}
	}

	/** Moves both clocks on, resting after every timer. */
	async pass(ms: number): Promise<void> {
		await this.rest();
		const end = this.clock.monotonic() + ms;
		for (;;) {
			const left = end - this.clock.monotonic();
			const next = this.clock.nextTimerMs;
			await this.clock.advance(Math.min(left, Math.max(next ?? left, 0)));
			this.#noteTime();
			await this.rest();
			if (next === undefined || next > left || this.clock.monotonic() >= end) return;
		}
	}

	/** Waits for a promise, moving time on when it needs time. */
	async drive<T>(promise: Promise<T>): Promise<T> {
		let isSettled = false;
		const settled = promise.finally(() => {
			isSettled = true;
		});
		settled.catch(() => undefined);
		const deadline = performance.now() + REST_WITHIN_MS;
		while (!isSettled && performance.now() < deadline) {
			await this.rest();
			if (!isSettled && this.instances.some(({ isIdle }) => !isIdle))
				await this.clock.advance(Math.max(this.clock.nextTimerMs ?? 1, 0));
		}
		if (!isSettled) throw new ChaosViolation("a promise of the agent does not settle");
		await this.rest();
		return settled;
	}

	jump(wallMs: number): void {
		this.#noteTime();
		this.clock.jumpTo(wallMs);
		this.#noteTime();
	}

	/** Sets the wall clock past any time it ever showed, and past any date that counted as not far ahead of that. */
	correctClock(): void {
		this.jump(Math.max(this.#latestWallMs, this.clock.now()) + TOLERANCE_MS + 1000);
	}

	#noteTime(): void {
		this.#latestWallMs = Math.max(this.#latestWallMs, this.clock.now());
	}

	/** Asserts of every agent that it says and serves what the model says; `opens` readers at once. */
	async check(opens: number): Promise<void> {
		const { policy } = this.setting;
		for (const instance of this.instances) {
			assertStatus(this.belief, instance, policy, this.now(), instance.openFailed);
			if (opens === 0) continue;
			this.belief.watch(instance.slot);
			const { isIdle } = instance;
			const readers = Array.from({ length: opens }, () => openOnce(instance));
			const openings = await this.drive(Promise.all(readers));
			for (const opening of openings) {
				assertOpening(this.belief, instance, opening, policy, this.now());
				this.note(instance, opening.served, opening.code);
				// With a refresh in flight, readers wait for that one and start none.
				if (isIdle && opening.code === "AGENT_NOT_FRESH") this.#assertTried(instance);
			}
			assertStatus(this.belief, instance, policy, this.now(), instance.openFailed);
		}
	}

	/** Nobody is refused for staleness unless the source was asked a moment ago, or asked to be left alone. */
	#assertTried({ number }: Instance): void {
		const sinceMs = this.clock.monotonic() - this.source.lastReadMs(number);
		if (sinceMs <= Math.max(this.longestWaitMs * 1.1, READER_PAUSE_MS) + READ_DEADLINE_MS) return;
		throw new ChaosViolation(`process ${number} is stale and has not read for ${sinceMs} ms`);
	}

	/** Remembers what an `open()` means for what the agent says later. */
	note(instance: Instance, served: string | undefined, code: string | undefined): void {
		if (served === undefined) this.tally.refusalsChecked += 1;
		else this.tally.valuesChecked += 1;
		if (served !== undefined) instance.openFailed = false;
		if (code === "DECRYPT") instance.openFailed = true;
	}

	/** The path of the record on disk, if there is one. */
	async recordPath(): Promise<string | undefined> {
		const { cachePath } = this.setting;
		if (cachePath === undefined) return undefined;
		const folder = join(cachePath, "clef-agent");
		const names = await readdir(folder).catch(() => []);
		const name = names.find((each) => each.endsWith(".clef"));
		return name === undefined ? undefined : join(folder, name);
	}

	/** Ends whatever still runs. */
	async end(): Promise<void> {
		for (const { slot } of this.instances) await this.crash(slot);
		const { cachePath } = this.setting;
		if (cachePath !== undefined) await rm(cachePath, { recursive: true, force: true });
	}
}

/** What all episodes of a run share. */
export interface RunParts {
	readonly server: TestServer;
	readonly tally: Tally;
	readonly nextNumber: () => number;
	/** Called before the world's first request. */
	readonly enter: (world: ChaosWorld) => void;
}
