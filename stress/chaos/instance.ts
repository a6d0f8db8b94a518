import {
	type Agent,
	type AgentEvent,
	type CacheFiles,
	createAgent,
	createDecryptor,
	type Decryptor,
} from "@clef-sh/core";
import type { ManualClock } from "@clef-sh/testkit/clock";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { IDENTITY, SECRET_MARK, SIGNERS } from "./artifacts.js";
import { ProcessClock } from "./clock.js";
import type { Policy } from "./facts.js";
import { ProcessFiles } from "./files.js";
import type { Slot } from "./model.js";
import type { ChaosSource } from "./source.js";

/** Stands in the query of the source's address, and nowhere that the agent speaks. */
export const URL_SECRET = "TOPSECRET";

/** What an episode's agents are told. */
export interface Setting {
	readonly policy: Policy;
	/** 0 for just-in-time. */
	readonly ttlSeconds: number;
	readonly cachePath: string | undefined;
}

/** Where an instance lives. */
export interface Surroundings extends Setting {
	readonly slot: Slot;
	readonly number: number;
	readonly origin: string;
	readonly clock: ManualClock;
	readonly source: ChaosSource;
	readonly random: () => number;
	/** Hears of anything that must never be. */
	readonly alarm: (what: string) => void;
}

/** One agent as if it were a process of its own: its view of time, of the disk and of the source. */
export class Instance {
	readonly slot: Slot;
	readonly number: number;
	readonly clock: ProcessClock;
	readonly disk: ProcessFiles = new ProcessFiles();
	readonly hasDisk: boolean;
	/** Whether the model knows what it found on its disk. */
	hasLoaded = false;
	/** When the source last vouched for what it said to have restored from its disk. */
	restoredAt: number | undefined;
	/** How many of the disk's faults the model knows of. */
	faultsSeen = 0;
	/** Whether the last just-in-time decryption failed; undefined where readers raced with a refresh. */
	openFailed: boolean | undefined = false;
	readonly #source: ChaosSource;
	#agent: Agent | undefined;
	#decrypting = 0;

	private constructor({ clock, cachePath, number, random, slot, source }: Surroundings) {
		this.slot = slot;
		this.number = number;
		this.clock = new ProcessClock(clock, random, slot);
		this.hasDisk = cachePath !== undefined;
		this.#source = source;
	}

	/** Starts an agent whose disk fails by the plan from its first call on. */
	static async start(surroundings: Surroundings, plan: ProcessFiles["plan"]): Promise<Instance> {
		const { alarm, cachePath, number, origin, policy, ttlSeconds } = surroundings;
		const instance = new Instance(surroundings);
		instance.disk.plan = plan;
		const keys = policy.signers.map((name) => SIGNERS[name]?.publicKey);
		const url = `${origin}/artifact.json?sig=${URL_SECRET}&process=${number}`;
		instance.#agent = await createAgent({
			source: { kind: "http", url, maxBytes: 65_536 },
			decryptor: instance.#decryptor,
			ttlSeconds,
			firstLoad: "background",
			clock: instance.clock,
			random: instance.clock.random,
			onEvent: (event) => {
				assertSilent(event, alarm);
				if (event.event === "artifact.restored") instance.restoredAt = event.confirmedAt;
			},
			...(keys.length === 0 ? {} : { verifyKeys: keys.join(",") }),
			...(policy.identity === undefined ? {} : { identity: IDENTITY }),
			...cacheOptions(cachePath, instance.disk.files),
		});
		return instance;
	}

	get agent(): Agent {
		if (this.#agent === undefined) throw new RangeError("it has not started");
		return this.#agent;
	}

	/** Whether nothing happens any more unless time passes, the source answers or the disk goes on. */
	get isAtRest(): boolean {
		if (this.disk.isBusy || this.#decrypting > 0) return false;
		if (this.isIdle || this.waitsForDisk) return true;
		return this.#source.keepsWaiting(this.number, this.clock.readsBegun) && this.clock.pending("source") > 0;
	}

	/** Whether no refresh is in flight. */
	get isIdle(): boolean {
		return this.clock.pending("loop") > 0;
	}

	get waitsForDisk(): boolean {
		return this.clock.pending("disk") > 0 && this.disk.hanging > 0;
	}

	/** The real one, and a note of whether it is at work. */
	get #decryptor(): Decryptor {
		const real = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
		return {
			decrypt: async (artifact, signal) => {
				this.#decrypting += 1;
				try {
					return await real.decrypt(artifact, signal);
				} finally {
					this.#decrypting -= 1;
				}
			},
		};
	}

	/** Ends it as `kill -9` would. */
	async kill(): Promise<void> {
		this.clock.kill();
		this.#source.forget(this.number);
		await this.disk.kill();
	}
}

function cacheOptions(
	cachePath: string | undefined,
	cacheFiles: CacheFiles,
): { cachePath?: string; cacheFiles?: CacheFiles } {
	return cachePath === undefined ? {} : { cachePath, cacheFiles };
}

function assertSilent(event: AgentEvent, alarm: (what: string) => void): void {
	const text = JSON.stringify(event);
	if (tells(text)) alarm(`an event tells a secret: ${event.event}`);
}

/** Whether a text tells anything that it must not. */
export function tells(text: string): boolean {
	return text.includes(SECRET_MARK) || text.includes(URL_SECRET) || text.includes("AGE-SECRET-KEY");
}
