import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { caseCount, stressSeed } from "../stress-settings.js";
import { Dice, episodeSeed } from "./dice.js";
import { EpisodeFailure } from "./episode.js";
import { PROCESS_STEPS } from "./process-steps.js";
import { ProcessWorld } from "./process-world.js";

const seed = stressSeed();
const wanted = caseCount("CLEF_CHAOS_PROCESS_STEPS", 160);
/** Real time that each of the two modes may take; a slow machine takes fewer steps. */
const MOST_MS = 45_000;

test.each([
	{ mode: "cached", episode: 1_000_000 },
	{ mode: "jit", episode: 1_000_001 },
])(
	"A1–A9 T17–T27 D35–D37 the command, $mode, survives signals, restarts and its source",
	async ({ mode, episode }) => {
		console.log(`chaos of the process: seed ${seed}, ${mode}`);
		const started = performance.now();
		const steps: string[] = [];
		const kinds = new Map<string, number>();
		const dice = new Dice(episodeSeed(seed, episode));
		const world = await ProcessWorld.create(dice, mode === "cached");
		try {
			while (steps.length < wanted / 2 && performance.now() - started < MOST_MS)
				await takeStep(world, steps, kinds);
		} catch (error) {
			throw failure(steps, error);
		} finally {
			await world.end();
		}
		const counts = [...kinds].sort().map(([name, count]) => `${name} ${count}`);
		const digest = createHash("sha256").update(steps.join("\n")).digest("hex").slice(0, 16);
		console.log(
			`chaos of the process: seed ${seed}, ${mode}, steps ${steps.length} (${counts.join(", ")}), ` +
				`values checked ${world.valuesChecked}, restarts ${world.restarts}, digest ${digest}, ` +
				`${((performance.now() - started) / 1000).toFixed(1)} s`,
		);
		expect(world.valuesChecked).toBeGreaterThan(steps.length / 4);
	},
);

async function takeStep(world: ProcessWorld, steps: string[], kinds: Map<string, number>): Promise<void> {
	const kind = world.dice.weighted(PROCESS_STEPS);
	steps.push(`${kind.name} …`);
	steps[steps.length - 1] = `${kind.name} ${await kind.run(world)}`.trim();
	await world.check();
	kinds.set(kind.name, (kinds.get(kind.name) ?? 0) + 1);
}

function failure(steps: readonly string[], error: unknown): EpisodeFailure {
	const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
	const list = steps.map((step, at) => `  ${at} ${step}`).join("\n");
	const again = `Again with: CLEF_STRESS_SEED=${seed} npm run test:chaos -- process`;
	return new EpisodeFailure(`${reason}\n${list}\n${again}`, { cause: error });
}
