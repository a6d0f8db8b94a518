import { setTimeout as pause } from "node:timers/promises";
import { latest, newer, PLACES, type PlaceKind } from "./places.js";
import type { ProcessWorld } from "./process-world.js";

/** One kind of thing that can happen to the process; it resolves with how it happened. */
export interface ProcessStep {
	readonly name: string;
	readonly weight: number;
	readonly run: (world: ProcessWorld) => Promise<string>;
}

/** Everything that can happen to the process, and how often it shall. */
export const PROCESS_STEPS: readonly [ProcessStep, ...ProcessStep[]] = [
	{ name: "place", weight: 30, run: (world) => changePlace(world, false) },
	{ name: "place-once", weight: 12, run: (world) => changePlace(world, true) },
	{ name: "slow", weight: 4, run: slow },
	{ name: "storm", weight: 5, run: storm },
	{ name: "wait", weight: 12, run: wait },
	{ name: "outage", weight: 1, run: outage },
	{ name: "freeze", weight: 5, run: freeze },
	{ name: "sigterm", weight: 5, run: (world) => restart(world, "stop") },
	{ name: "sigkill", weight: 5, run: (world) => restart(world, "kill") },
	{ name: "in-silence", weight: 2, run: inSilence },
	{ name: "heal", weight: 6, run: heal },
];

/** A read that hangs costs ten seconds of real time, so it has a step of its own. */
const [firstPlace, ...otherPlaces] = PLACES.filter(
	({ name }) => !/^(silence|headers-only|first-byte)$/.test(name),
);

function anyPlace({ dice }: ProcessWorld): PlaceKind {
	if (firstPlace === undefined) throw new RangeError("no places");
	return dice.weighted([firstPlace, ...otherPlaces]);
}

async function changePlace(world: ProcessWorld, once: boolean): Promise<string> {
	const kind = anyPlace(world);
	world.source.offer(await kind.make(world), once);
	if (world.dice.chance(0.7)) world.command.signal("SIGHUP");
	await pause(world.dice.between(0, 120));
	return kind.name;
}

async function slow(world: ProcessWorld): Promise<string> {
	const { dice, source } = world;
	const before = source.place;
	world.source.offer({ kind: "slow", edition: dice.chance(0.5) ? await newer(world) : latest(world) });
	world.command.signal("SIGHUP");
	await pause(dice.between(50, 400));
	world.source.offer(before);
	const end = dice.pick(["answered", "answered", "stop", "kill"]);
	if (end === "stop" || end === "kill") await world.restart(end);
	world.release();
	await pause(dice.between(0, 100));
	return end;
}

async function storm(world: ProcessWorld): Promise<string> {
	const times = world.dice.between(10, 100);
	for (let time = 0; time < times; time += 1) world.command.signal("SIGHUP");
	await pause(50);
	return String(times);
}

async function wait(world: ProcessWorld): Promise<string> {
	const ms = world.dice.between(0, 700);
	await pause(ms);
	return String(ms);
}

/** Longer than the TTL, which just-in-time does not have. */
async function outage(world: ProcessWorld): Promise<string> {
	const kind = PLACES.find(({ name }) => name === "reset");
	if (kind !== undefined) world.source.offer(await kind.make(world));
	await pause(world.isCached ? 6_000 : 1_000);
	return "";
}

/** The process is stopped for a while; meanwhile the source changes. */
async function freeze(world: ProcessWorld): Promise<string> {
	const kind = anyPlace(world);
	world.command.signal("SIGSTOP");
	world.source.offer(await kind.make(world));
	await pause(world.dice.between(50, 1_500));
	world.command.signal("SIGCONT");
	return kind.name;
}

async function restart(world: ProcessWorld, how: "stop" | "kill"): Promise<string> {
	const kind = anyPlace(world);
	const isPoked = world.dice.chance(0.6);
	world.source.offer(await kind.make(world));
	if (isPoked) world.command.signal("SIGHUP");
	await pause(world.dice.between(0, 30));
	await world.restart(how);
	return `${kind.name} ${isPoked}`;
}

/** It is told to stop while it waits for a source that never answers. */
async function inSilence(world: ProcessWorld): Promise<string> {
	const kind = PLACES.find(({ name }) => name === world.dice.pick(["silence", "headers-only", "first-byte"]));
	if (kind !== undefined) world.source.offer(await kind.make(world));
	world.command.signal("SIGHUP");
	await pause(150);
	const how = world.dice.pick<"stop" | "kill">(["stop", "kill"]);
	await world.restart(how);
	await world.check();
	world.source.offer({ kind: "honest", edition: await newer(world), isTagged: true });
	await world.restart("stop");
	return how;
}

/** The source is honest again, and a signal says so. */
async function heal(world: ProcessWorld): Promise<string> {
	world.source.forgetOnce();
	const signer = world.signers[0] ?? "a";
	// A little ahead: what was signed twice a moment ago bears a date that is a little ahead, too.
	const edition = await newer(world, { signer, aheadMs: 1_500, livesMs: 86_400_000 });
	world.source.offer({ kind: "honest", edition, isTagged: true });
	world.command.signal("SIGHUP");
	await world.assertHeals(edition);
	return "";
}
