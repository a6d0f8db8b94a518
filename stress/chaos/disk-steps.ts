import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { type ArtifactEdition, type Edition, iso } from "./artifacts.js";
import type { Dice } from "./dice.js";
import type { Fault, FaultPlan } from "./files.js";
import type { Slot } from "./model.js";
import { newer } from "./places.js";
import type { StepKind } from "./steps.js";
import type { ChaosWorld } from "./world.js";

/** What the disk does to agents, and what others do to the record on it. */
export const DISK_STEPS: readonly StepKind[] = [
	{ name: "disk-fails", weight: 4, run: diskFails },
	{ name: "disk-hangs", weight: 3, run: diskHangs },
	{ name: "disk-works", weight: 6, run: diskWorks },
	{ name: "crash-in-write", weight: 3, run: crashInWrite },
	{ name: "restart-on-bad-disk", weight: 2, run: restartOnBadDisk },
	{ name: "record-deleted", weight: 1, run: deleteRecord },
	{ name: "record-cut", weight: 1, run: cutRecord },
	{ name: "record-flipped", weight: 1, run: flipRecord },
	{ name: "record-copied", weight: 2, run: copyRecord },
	{ name: "record-swapped", weight: 2, run: swapRecord },
	{ name: "late-revocation", weight: 2, run: lateRevocation },
];

const OPERATIONS = ["open", "write", "append", "rename", "sync", "read", "lstat", "mkdir", "unlink"] as const;

/** Some operations fail, always or now and then. */
function failing(dice: Dice): { plan: FaultPlan; words: string } {
	const fault = dice.pick<Fault>(["ENOSPC", "EROFS", "EIO", "EACCES", "torn"]);
	const operation = dice.pick([...OPERATIONS, "any"] as const);
	const probability = dice.pick([1, 1, 0.5]);
	const random = dice.fork();
	const isMeant = (name: string) => operation === "any" || name === operation;
	return {
		plan: (name) => (isMeant(name) && random() < probability ? fault : undefined),
		words: `${operation} ${fault} ${probability}`,
	};
}

/** After so many calls, one hangs; what comes after it waits for it anyway. */
function hanging(dice: Dice): { plan: FaultPlan; words: string } {
	const skip = dice.between(0, 12);
	let left = skip;
	return {
		plan: () => {
			left -= 1;
			return left === -1 ? "hang" : undefined;
		},
		words: `after ${skip} calls`,
	};
}

async function diskFails(world: ChaosWorld): Promise<string> {
	const { plan, words } = failing(world.dice);
	for (const { disk } of world.instances) disk.plan = plan;
	return words;
}

/** Only where one agent has the disk alone: two that overtake each other are not followed by the model. */
async function diskHangs(world: ChaosWorld): Promise<string> {
	const { plan, words } = hanging(world.dice);
	const [first, second] = world.instances;
	if (first !== undefined && second === undefined && first.disk.hanging === 0) first.disk.plan = plan;
	return words;
}

async function diskWorks(world: ChaosWorld): Promise<string> {
	for (const { disk } of world.instances) {
		disk.plan = () => undefined;
		disk.resume();
	}
	await world.rest();
	return "";
}

/** A power cut at some moment of a write. */
async function crashInWrite(world: ChaosWorld): Promise<string> {
	const { dice } = world;
	const { plan, words } = hanging(dice);
	const first = world.instance(0);
	const isTorn = dice.chance(0.3);
	const torn: FaultPlan = (name) => (name === "write" || name === "append" ? "torn" : undefined);
	if (first === undefined || world.instances.length > 1 || first.disk.hanging > 0) return "";
	first.disk.plan = isTorn ? torn : plan;
	first.agent.sourceChanged();
	await world.rest();
	await world.crash(0);
	world.tally.restarts += 1;
	await world.start(0);
	return isTorn ? "torn" : words;
}

/** The first thing that a new process does with its disk fails, or hangs. */
async function restartOnBadDisk(world: ChaosWorld): Promise<string> {
	const { plan, words } = world.dice.chance(0.5) ? failing(world.dice) : hanging(world.dice);
	if (world.instances.length > 1) return "";
	await world.stop(0);
	world.tally.restarts += 1;
	await world.start(0, plan);
	return words;
}

async function deleteRecord(world: ChaosWorld): Promise<string> {
	const path = await quietRecord(world);
	if (path === undefined) return "";
	await rm(path);
	world.belief.diskBecame(() => ({ kind: "nothing" }));
	return "";
}

async function cutRecord(world: ChaosWorld): Promise<string> {
	const where = world.dice.random();
	const path = await quietRecord(world);
	if (path === undefined) return "";
	await truncate(path, Math.floor((await readFile(path)).length * where));
	world.belief.diskDamaged();
	return where.toFixed(3);
}

async function flipRecord(world: ChaosWorld): Promise<string> {
	const [where, bit] = [world.dice.random(), world.dice.between(0, 7)];
	const path = await quietRecord(world);
	if (path === undefined) return "";
	const bytes = await readFile(path);
	const at = Math.floor(bytes.length * where);
	bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
	await writeFile(path, bytes);
	world.belief.diskDamaged();
	return `${where.toFixed(3)} ${bit}`;
}

async function copyRecord(world: ChaosWorld): Promise<string> {
	const path = await quietRecord(world);
	world.copies.push(path === undefined ? undefined : await readFile(path));
	world.belief.copied();
	return "";
}

async function swapRecord(world: ChaosWorld): Promise<string> {
	const which = world.dice.random();
	const index = Math.floor(which * world.copies.length);
	const path = await quietRecord(world);
	const copy = world.copies[index];
	if (path === undefined || copy === undefined) return which.toFixed(3);
	await writeFile(path, copy);
	world.belief.swapped(index);
	return which.toFixed(3);
}

/**
 * An agent that lags behind learns of a revocation of something old, and writes it to the disk that it shares with
 * one that is ahead; a restart then meets what lies between the two.
 */
async function lateRevocation(world: ChaosWorld): Promise<string> {
	if (world.instances.length > 1 || world.instances.some(({ disk }) => disk.hanging > 0)) return "";
	const { press, source } = world;
	source.forgetOnce();
	const editions: ArtifactEdition[] = [];
	for (const _ of ["old", "between", "ahead"]) {
		await world.pass(1_000);
		editions.push(await newer(world, { signer: "a", livesMs: 86_400_000 }));
	}
	const [old, between, ahead] = editions;
	if (old === undefined || between === undefined || ahead === undefined) return "";
	await tell(world, 0, old);
	await world.start(1);
	await tell(world, 1, ahead);
	await tell(world, 0, press.revoked(old, iso(old.facts.packedAtMs)));
	await world.crash(1);
	await world.stop(0);
	world.tally.restarts += 1;
	world.source.offer({ kind: "honest", edition: between, isTagged: true });
	await world.start(0);
	return "done";
}

/** The coming read of one agent, which is now, finds this. */
async function tell(world: ChaosWorld, slot: Slot, edition: Edition): Promise<void> {
	const agent = world.instance(slot)?.agent;
	world.source.offer({ kind: "honest", edition, isTagged: true }, true);
	if (agent !== undefined) await world.drive(agent.refresh());
}

/** The record's path, when there is one and nobody is writing to it. */
async function quietRecord(world: ChaosWorld): Promise<string | undefined> {
	return world.instances.some(({ disk }) => disk.hanging > 0) ? undefined : world.recordPath();
}
