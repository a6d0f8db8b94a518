import { createHash, type Hash } from "node:crypto";
import { Dice, episodeSeed } from "./dice.js";
import { STEPS } from "./steps.js";
import { ChaosWorld, type RunParts } from "./world.js";

/** What a run has done. */
export interface RunRecord {
	readonly seed: number;
	steps: number;
	episodes: number;
	readonly kinds: Map<string, number>;
	/** Over every step of every episode: equal for equal seeds. */
	readonly digest: Hash;
}

/** A run that has done nothing yet. */
export function newRecord(seed: number): RunRecord {
	return { seed, steps: 0, episodes: 0, kinds: new Map(), digest: createHash("sha256") };
}

/** An episode went wrong; the message has all that it takes to see it again. */
export class EpisodeFailure extends Error {
	override readonly name = "EpisodeFailure";
}

/** Lives through one episode of at most `mostSteps` steps. */
export async function liveThrough(
	episode: number,
	mostSteps: number,
	record: RunRecord,
	run: RunParts,
): Promise<void> {
	const dice = new Dice(episodeSeed(record.seed, episode));
	const length = Math.min(dice.between(50, 200), mostSteps);
	const steps: string[] = [];
	let world: ChaosWorld | undefined;
	try {
		world = await ChaosWorld.create(dice, run);
		steps.push(settingOf(world));
		while (steps.length <= length) await takeStep(world, steps, record);
	} catch (error) {
		throw failure(episode, record.seed, steps, error);
	} finally {
		await world?.end();
		record.episodes += 1;
		record.digest.update(steps.join("\n"));
	}
}

async function takeStep(world: ChaosWorld, steps: string[], record: RunRecord): Promise<void> {
	const { dice } = world;
	const kind = dice.weighted(STEPS);
	const opens = dice.pick([0, 1, 1, 1, 3]);
	// Named before it is taken, so that the one that fails stands in the list.
	steps.push(`${kind.name} …`);
	const how = await kind.run(world);
	steps[steps.length - 1] = `${kind.name} ${how}`.trim();
	await world.check(opens);
	record.steps += 1;
	record.kinds.set(kind.name, (record.kinds.get(kind.name) ?? 0) + 1);
}

function settingOf({ setting }: ChaosWorld): string {
	const { cachePath, policy, ttlSeconds } = setting;
	const { identity = "any", signers } = policy;
	const disk = cachePath === undefined ? "no disk" : "disk";
	return `ttl ${ttlSeconds} s, signers ${signers.join("+") || "none"}, identity ${identity}, ${disk}`;
}

function failure(episode: number, seed: number, steps: readonly string[], error: unknown): EpisodeFailure {
	const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
	const replay = `CLEF_STRESS_SEED=${seed} CLEF_CHAOS_EPISODE=${episode} npm run test:chaos`;
	const list = steps.map((step, at) => `  ${at} ${step}`).join("\n");
	return new EpisodeFailure(`Episode ${episode} of seed ${seed}: ${reason}\n${list}\nAgain with: ${replay}`, {
		cause: error,
	});
}
