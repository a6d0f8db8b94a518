import type { DiskState } from "./disk-model.js";
import { damaged } from "./disk-model.js";
import type { Moment, Policy } from "./facts.js";
import type { Instance } from "./instance.js";
import {
	type AgentState,
	afterAnswer,
	afterLoad,
	afterResume,
	type DiskCondition,
	NEWBORN,
	type Slot,
	type World,
	withAgent,
} from "./model.js";
import type { ChaosSource } from "./source.js";

/** Something is as it must never be. */
export class ChaosViolation extends Error {
	override readonly name = "ChaosViolation";
}

/** More than this many courses at once, and the model has lost its way. */
const MOST_WORLDS = 2_000;

/** All courses of events that fit what was seen so far. */
export class Belief {
	#worlds: readonly World[] = [{ agents: [NEWBORN, NEWBORN], disk: { kind: "nothing" }, copies: [] }];
	readonly #policy: Policy;
	/** What the agents may have been like since {@link watch}, between two answers too. */
	readonly #trail: [AgentState[], AgentState[]] = [[], []];

	constructor(policy: Policy) {
		this.#policy = policy;
	}

	/** What the agent in this slot may be like. */
	agents(slot: Slot): readonly AgentState[] {
		return this.#worlds.map(({ agents }) => agents[slot]);
	}

	/** From now on remembers what the agent in this slot passes through. */
	watch(slot: Slot): void {
		this.#trail[slot] = [...this.agents(slot)];
	}

	/** What the agent in this slot may have been like at some moment since {@link watch}. */
	watched(slot: Slot): readonly AgentState[] {
		return this.#trail[slot];
	}

	/** Forgets every course that does not fit; `what` says what was seen. */
	keep(fits: (agent: AgentState) => boolean, slot: Slot, what: () => string): void {
		this.#become(
			this.#worlds.filter(({ agents }) => fits(agents[slot])),
			what,
		);
	}

	/** An agent was started in this slot. */
	born(slot: Slot): void {
		this.#change((world) => withAgent(world, slot, NEWBORN));
	}

	/**
	 * Follows an instance that is at rest: what it found on disk, what it was told since, what its disk does.
	 * `isContested` when another one may have written at the same moment, so that either may have come last.
	 */
	follow(instance: Instance, source: ChaosSource, now: Moment, isContested: boolean): void {
		const { slot, number, disk } = instance;
		const policy = this.#policy;
		const certain = conditionOf(instance);
		const condition = isContested && certain === "works" ? "faulty" : certain;
		instance.faultsSeen = disk.injected;
		if (!instance.hasLoaded) {
			if (!instance.isIdle && !source.wasReadBy(number)) return;
			instance.hasLoaded = true;
			this.#load(instance, now, condition);
		}
		if (condition !== "hangs")
			this.#branch((world) => afterResume(world, slot, policy, condition), "resumed");
		for (const answer of source.takeAnswers(number, instance.isIdle)) {
			const what = `process ${number} asked with ${answer.askedWith}, and was answered ${answer.kind}`;
			this.#branch((world) => afterAnswer(world, slot, policy, answer, condition), what);
			this.#trail[slot].push(...this.agents(slot));
		}
	}

	/** An agent says what it restored; that nothing was restored, it says by saying nothing. */
	#load({ number, restoredAt, slot }: Instance, now: Moment, condition: DiskCondition): void {
		this.#branch(
			(world) =>
				afterLoad(world, slot, this.#policy, now, condition).filter(
					({ agents }) => agents[slot].held?.confirmed.wallMs === restoredAt,
				),
			`process ${number} restored what was confirmed at ${restoredAt}`,
		);
	}

	/** Somebody did this to the record on disk. */
	diskBecame(change: (disk: DiskState) => DiskState): void {
		this.#change((world) => ({ ...world, disk: change(world.disk) }));
	}

	diskDamaged(): void {
		this.diskBecame(damaged);
	}

	/** Somebody took a copy of the record. */
	copied(): void {
		this.#change((world) => ({ ...world, copies: [...world.copies, world.disk] }));
	}

	/** Somebody put a copy back. */
	swapped(index: number): void {
		this.#change((world) => ({ ...world, disk: world.copies[index] ?? { kind: "nothing" } }));
	}

	#change(change: (world: World) => World): void {
		this.#become(this.#worlds.map(change), () => "nothing");
	}

	#branch(branch: (world: World) => readonly World[], what: string): void {
		this.#become(this.#worlds.flatMap(branch), () => what);
	}

	#become(worlds: readonly World[], what: () => string): void {
		const different =
			worlds.length < 2
				? worlds
				: [...new Map(worlds.map((world) => [JSON.stringify(world), world])).values()];
		if (different.length > MOST_WORLDS)
			throw new ChaosViolation(`the model cannot follow any more: ${this.#words()}`);
		if (different.length === 0) throw new ChaosViolation(`${what()}; possible was only: ${this.#words()}`);
		this.#worlds = different;
	}

	#words(): string {
		const shown = this.#worlds
			.slice(0, 4)
			.map(({ agents, disk }) => [...agents, disk].map(inShort).join("\n  "));
		return `${this.#worlds.length} courses, such as\n  ${shown.join("\n or\n  ")}`;
	}
}

/** Artifacts by their revision and date, for people to read. */
function inShort(state: AgentState | DiskState): string {
	return JSON.stringify(state, (_, value) =>
		value?.kind === "artifact" ? `${value.revision} packed ${value.packedAtMs} by ${value.signer}` : value,
	);
}

function conditionOf({ disk, faultsSeen, hasDisk }: Instance): DiskCondition {
	if (!hasDisk) return "absent";
	if (disk.hanging > 0) return "hangs";
	return disk.injected > faultsSeen ? "faulty" : "works";
}
