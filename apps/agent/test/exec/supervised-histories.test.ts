import { settle } from "@clef-sh/testkit/clock";
import fc from "fast-check";
import { expect, it } from "vitest";
import { SupervisedCommand } from "../../src/exec/supervised-command.js";
import { FakePrograms } from "./fake-programs.js";

type Step =
	| { readonly kind: "replace" | "stop" | "time" | "hang up" }
	| { readonly kind: "exit"; readonly leaves: "nothing" | "what ends at SIGTERM" | "what does not" };

const step: fc.Arbitrary<Step> = fc.oneof(
	fc.record({ kind: fc.constantFrom("replace", "replace", "stop", "time", "hang up") }),
	fc.record({
		kind: fc.constant("exit" as const),
		leaves: fc.constantFrom("nothing", "what ends at SIGTERM", "what does not"),
	}),
) as fc.Arbitrary<Step>;

/** A command on whose waits, programs and orders a test decides one step at a time. */
class History {
	readonly programs = new FakePrograms();
	readonly command: SupervisedCommand;
	readonly status: Promise<number>;
	#waits: (() => void)[] = [];
	#revision = 1;
	readonly #gone = new Set<object>();
	ended: number | undefined;
	isStopped = false;
	/** Whether the program that runs was told to end for another one. */
	isReplaced = false;

	constructor() {
		const silent = () => undefined;
		this.command = new SupervisedCommand({
			...{ program: "app", args: [], graceSeconds: 10 },
			log: { debug: silent, info: silent, warn: silent, error: silent },
			io: {
				...{ cwd: "/", isInteractive: false, start: this.programs.start },
				after: () => new Promise<void>((resolve) => this.#waits.push(resolve)),
			},
		});
		this.status = this.command.run({ REVISION: "1" }, silent);
		void this.status.then((status) => {
			this.ended = status;
		});
	}

	get last() {
		return this.programs.started.at(-1);
	}

	get wanted(): string {
		return String(this.#revision);
	}

	async take(each: Step): Promise<void> {
		if (each.kind === "replace") {
			this.#revision += 1;
			this.isReplaced = true;
			this.command.replace({ REVISION: this.wanted });
		} else if (each.kind === "stop") {
			this.isStopped = true;
			this.command.pass("SIGTERM");
		} else if (each.kind === "hang up") this.command.pass("SIGHUP");
		else if (each.kind === "time") this.passTime();
		else if (each.kind === "exit" && this.last !== undefined && !this.#gone.has(this.last)) {
			this.#gone.add(this.last);
			this.last.leaves = each.leaves;
			this.last.end({ status: 3 });
		}
		await settle();
	}

	passTime(): void {
		for (const resolve of this.#waits.splice(0)) resolve();
	}
}

it("D39 whatever comes in whatever order, one program runs at a time, with the latest values, until the end", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
			const history = new History();
			await settle();
			for (const each of steps) {
				const before = history.programs.started.length;
				const wasOver = history.ended !== undefined;
				await history.take(each);
				const begun = history.programs.started.slice(before);
				// Before another one is started, nothing of the one before runs any more.
				for (const earlier of history.programs.started.slice(0, -1)) expect(earlier.leaves).toBe("nothing");
				expect(begun.length).toBeLessThanOrEqual(1);
				if (begun.length === 0) continue;
				expect([wasOver, history.isStopped, history.isReplaced]).toEqual([false, false, true]);
				expect(history.last?.env).toEqual({ REVISION: history.wanted });
				history.isReplaced = false;
			}
			await history.take({ kind: "stop" });
			await history.take({ kind: "exit", leaves: "what does not" });
			for (let count = 0; count < 6 && history.ended === undefined; count += 1) {
				history.passTime();
				await settle();
			}
			expect(history.ended).toBeDefined();
			expect(history.last?.leaves === "nothing" || !history.last?.received.includes("SIGTERM")).toBe(true);
		}),
	);
});
