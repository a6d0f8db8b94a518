import type { AppliedPolicy } from "./artifact-policies.js";
import type { ArtifactSeed } from "./artifact-seeds.js";
import { mutateBytes } from "./byte-mutations.js";
import { Dice } from "./dice.js";
import { mutateFields, writeDocument } from "./field-mutations.js";
import { forge, rehash } from "./forgeries.js";

/** One mutated artifact, and the policy it is put to. */
export interface ArtifactCase {
	readonly body: Buffer;
	readonly applied: AppliedPolicy;
}

/** How many changes of each kind are made, in this order: forgeries, fields, bytes. */
const RECIPES: readonly (readonly [number, number, number])[] = [
	[0, 0, 1],
	[0, 0, 3],
	[0, 1, 0],
	[0, 1, 0],
	[0, 2, 0],
	[0, 1, 1],
	[1, 0, 0],
	[1, 0, 0],
	[2, 0, 0],
	[3, 0, 0],
	[1, 1, 0],
	[2, 2, 1],
];

/** The case with this number, which follows from the run's seed alone. */
export function artifactCase(
	seeds: readonly ArtifactSeed[],
	policies: readonly AppliedPolicy[],
	runSeed: number,
	index: number,
): ArtifactCase {
	const dice = Dice.forCase(runSeed, index);
	const origin = dice.pick(seeds);
	const [forgeries, fields, bytes] = dice.pick(RECIPES);
	const written = forgeries + fields === 0 ? origin.bytes : rewrite(origin, seeds, dice, forgeries, fields);
	return { body: damage(written, seeds, dice, bytes), applied: dice.pick(policies) };
}

function rewrite(
	origin: ArtifactSeed,
	seeds: readonly ArtifactSeed[],
	dice: Dice,
	forgeries: number,
	fields: number,
): Buffer {
	const members = [...origin.members];
	for (let count = 0; count < forgeries; count += 1) forge(members, dice, dice.pick(seeds));
	for (let count = 0; count < fields; count += 1) mutateFields(members, dice);
	if (dice.chance(0.2)) rehash(members);
	return writeDocument(members, dice);
}

function damage(body: Buffer, seeds: readonly ArtifactSeed[], dice: Dice, times: number): Buffer {
	let damaged = body;
	for (let count = 0; count < times; count += 1) damaged = mutateBytes(damaged, dice, dice.pick(seeds).bytes);
	return damaged;
}
