import { ChaosViolation } from "./belief.js";
import { isSame, type Opening, openingOf } from "./check.js";
import type { Moment, Policy } from "./facts.js";
import { type Answer, afterAnswer, afterLoad, NEWBORN, type World, withAgent } from "./model.js";

/** How far the test's idea of a moment and the process's may be apart. */
const TOLERANCE_MS = 1_500;

/**
 * The model of one agent that is a process of its own: when it has digested an answer is certain only once it reads
 * again, and every moment is known to some tolerance only.
 */
export class Courses {
	readonly #policy: Policy;
	readonly #hasDisk: boolean;
	#certain: readonly World[] = [{ agents: [NEWBORN, NEWBORN], disk: { kind: "nothing" }, copies: [] }];
	#pending: Answer | undefined;
	#isLoading = true;
	#trail: World[] = [];

	constructor(policy: Policy, hasDisk: boolean) {
		this.#policy = policy;
		this.#hasDisk = hasDisk;
	}

	/** The process reads its source: whatever came before, it has digested. */
	reads(now: Moment): void {
		this.#certain = distinct(this.#isLoading ? this.#loaded(now) : this.#digested("works"));
		if (this.#certain.length === 0)
			throw new ChaosViolation(`it asked with another tag: ${JSON.stringify(this.#pending)}`);
		this.#isLoading = false;
		this.#pending = undefined;
		this.#trail.push(...this.#certain);
	}

	/** Its last read was answered like this. */
	answered(answer: Answer): void {
		this.#pending = answer;
		this.#trail.push(...this.#possible(answer.answeredAt));
	}

	/** It was stopped or killed, perhaps in the middle of a write, and started again. */
	restarted(): void {
		const last = this.#isLoading ? this.#certain : [...this.#certain, ...this.#digested("faulty")];
		this.#certain = distinct(last.map((world) => withAgent(world, 0, NEWBORN)));
		this.#pending = undefined;
		this.#isLoading = true;
	}

	/** A reader asks: from now on everything that it may be given is remembered. */
	readerComes(now: Moment): void {
		this.#trail = [...this.#possible(now)];
	}

	/** Asserts that the reader who came at `from` was given what was right at some moment until now. */
	assertGiven(opening: Opening, from: Moment, until: Moment): void {
		const moments = [later(from, -TOLERANCE_MS), from, until, later(until, TOLERANCE_MS)];
		const possible = [...this.#trail, ...this.#possible(until)].flatMap(({ agents: [agent] }) =>
			moments.map((moment) => openingOf(agent, this.#policy, moment)),
		);
		if (possible.some((each) => isSame(each, opening))) return;
		const words = [...new Set(possible.map((each) => JSON.stringify(each)))].join(" or ");
		throw new ChaosViolation(`a reader got ${JSON.stringify(opening)}; possible was only ${words}`);
	}

	#possible(now: Moment): readonly World[] {
		if (this.#isLoading) return [...this.#certain, ...this.#loaded(now)];
		return [...this.#certain, ...this.#digested("works")];
	}

	#loaded(now: Moment): readonly World[] {
		if (!this.#hasDisk) return this.#certain;
		const moments = [later(now, -TOLERANCE_MS), now];
		return moments.flatMap((at) =>
			this.#certain.flatMap((world) => afterLoad(world, 0, this.#policy, at, "works")),
		);
	}

	#digested(disk: "works" | "faulty"): readonly World[] {
		const answer = this.#pending;
		if (answer === undefined) return this.#certain;
		const condition = this.#hasDisk ? disk : "absent";
		// An answer may have taken its time to be judged.
		const judged = [answer, { ...answer, answeredAt: later(answer.answeredAt, TOLERANCE_MS) }];
		return judged.flatMap((each) =>
			this.#certain.flatMap((world) => afterAnswer(world, 0, this.#policy, each, condition)),
		);
	}
}

function later({ monotonicMs, wallMs }: Moment, ms: number): Moment {
	return { monotonicMs: monotonicMs + ms, wallMs: wallMs + ms };
}

function distinct(worlds: readonly World[]): readonly World[] {
	return [...new Map(worlds.map((world) => [JSON.stringify(world), world])).values()];
}
