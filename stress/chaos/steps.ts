import { ChaosViolation } from "./belief.js";
import { isSame, type Opening, openingOf, openOnce } from "./check.js";
import { DISK_STEPS } from "./disk-steps.js";
import { latest, newer, PLACES } from "./places.js";
import type { ChaosWorld } from "./world.js";

/** One kind of thing that can happen; it resolves with how it happened, for the list of steps. */
export interface StepKind {
	readonly name: string;
	readonly weight: number;
	readonly run: (world: ChaosWorld) => Promise<string>;
}

const [firstPlace, ...otherPlaces] = PLACES;

const PLACE_STEPS: readonly StepKind[] = [
	{ name: "place", weight: 30, run: (world) => changePlace(world, false) },
	{ name: "place-once", weight: 12, run: (world) => changePlace(world, true) },
	{ name: "one-sided", weight: 6, run: oneSided },
	{ name: "slow", weight: 4, run: slowAnswer },
];

const TIME_STEPS: readonly StepKind[] = [
	{ name: "moments", weight: 10, run: (world) => pass(world, world.dice.between(1, 15_000)) },
	{ name: "minute", weight: 5, run: (world) => pass(world, world.dice.between(15_000, 90_000)) },
	{ name: "over-ttl", weight: 1, run: (world) => pass(world, staleAfter(world) * world.dice.pick([1, 1.2])) },
	{ name: "freeze", weight: 4, run: freeze },
	{ name: "to-the-edge", weight: 3, run: toTheEdge },
	{ name: "jump", weight: 4, run: jump },
	{ name: "correct-clock", weight: 2, run: correctClock },
];

const AGENT_STEPS: readonly StepKind[] = [
	{ name: "sighup", weight: 8, run: sighup },
	{ name: "refresh", weight: 6, run: refresh },
	{ name: "readers", weight: 5, run: readers },
	{ name: "readers-in-refresh", weight: 5, run: readersInRefresh },
	{ name: "restart", weight: 6, run: restart },
	{ name: "crash", weight: 3, run: crash },
	{ name: "second-agent", weight: 3, run: secondAgent },
	{ name: "heal", weight: 3, run: heal },
];

/** Everything that can happen, and how often it shall. */
export const STEPS: readonly [StepKind, ...StepKind[]] = [
	{ name: "nothing", weight: 1, run: async () => "" },
	...PLACE_STEPS,
	...TIME_STEPS,
	...AGENT_STEPS,
	...DISK_STEPS,
];

async function changePlace(world: ChaosWorld, once: boolean): Promise<string> {
	if (firstPlace === undefined) throw new RangeError("no places");
	const kind = world.dice.weighted([firstPlace, ...otherPlaces]);
	world.source.offer(await kind.make(world), once);
	const poked = world.dice.pick(["sighup", "refresh", "nothing"]);
	if (poked === "sighup") await sighup(world);
	if (poked === "refresh") await refresh(world);
	return `${kind.name} ${poked}`;
}

/** One read of one agent is answered in its own way, so that two that share a disk come to differ. */
async function oneSided(world: ChaosWorld): Promise<string> {
	if (firstPlace === undefined) throw new RangeError("no places");
	const { dice, instances, source } = world;
	const kind = dice.weighted([firstPlace, ...otherPlaces]);
	const instance = dice.chance(0.5) ? instances.at(0) : instances.at(-1);
	source.forgetOnce();
	world.source.offer(await kind.make(world), true);
	if (instance !== undefined) await world.drive(instance.agent.refresh());
	return `${kind.name} ${instance?.slot}`;
}

/** The answer takes its time, and meanwhile the world changes. */
async function slowAnswer(world: ChaosWorld): Promise<string> {
	const { dice, source } = world;
	const before = source.place;
	const [slow, ms] = [
		dice.chance(0.5) ? await newer(world) : dice.pick([latest(world), ...world.sound.slice(0, 1)]),
		dice.between(0, 12_000),
	];
	source.forgetOnce();
	world.source.offer({ kind: "slow", edition: slow });
	for (const { agent } of world.instances) agent.sourceChanged();
	await world.rest();
	world.source.offer(before);
	const meanwhile = dice.pick(["nothing", "newer", "jump", "sighup"]);
	if (meanwhile === "newer")
		world.source.offer({ kind: "honest", edition: await newer(world), isTagged: true });
	if (meanwhile === "jump") await jump(world);
	if (meanwhile === "sighup") await sighup(world);
	await world.pass(ms);
	source.release();
	await world.rest();
	return `${ms} ${meanwhile}`;
}

async function pass(world: ChaosWorld, ms: number): Promise<string> {
	await world.pass(ms);
	return String(ms);
}

function staleAfter(world: ChaosWorld): number {
	return world.setting.policy.staleAfterMs;
}

/** The process is stopped, or the machine asleep: time goes on and no timer runs. */
async function freeze(world: ChaosWorld): Promise<string> {
	const ms = world.dice.pick([1_000, 30_000, staleAfter(world), 3_600_000]);
	world.clock.freeze(ms);
	await world.check(0);
	return String(ms);
}

/** To one millisecond before, or exactly to, the moment at which something held becomes stale or expires. */
async function toTheEdge(world: ChaosWorld): Promise<string> {
	const [agent] = world.belief.agents(0);
	const short = world.dice.between(0, 1);
	const { monotonicMs, wallMs } = world.now();
	const held = agent?.held;
	const isStale = world.dice.chance(0.5);
	if (held !== undefined) {
		const stale = held.confirmed.monotonicMs + staleAfter(world) - monotonicMs;
		const expiry = (held.artifact.expiresAtMs ?? wallMs) - wallMs;
		world.clock.freeze(Math.max(0, (isStale ? stale : expiry) - short));
		await world.check(0);
	}
	return `${isStale ? "stale" : "expired"} -${short}`;
}

/** The wall clock alone is set, forwards or backwards. */
async function jump(world: ChaosWorld): Promise<string> {
	const ms = world.dice.pick([-1, 1]) * world.dice.pick([1_000, 60_000, 400_000, 86_400_000]);
	world.jump(world.clock.now() + ms);
	await world.check(0);
	return String(ms);
}

async function correctClock(world: ChaosWorld): Promise<string> {
	world.correctClock();
	return "";
}

async function sighup(world: ChaosWorld): Promise<string> {
	const times = world.dice.pick([1, 1, 1, 2, 50]);
	for (const { agent } of world.instances) {
		for (let time = 0; time < times; time += 1) agent.sourceChanged();
		await world.rest();
	}
	return String(times);
}

async function refresh(world: ChaosWorld): Promise<string> {
	for (const { agent } of world.instances) await world.drive(agent.refresh());
	return "";
}

async function readers(world: ChaosWorld): Promise<string> {
	const count = world.dice.between(2, 20);
	await world.check(count);
	return String(count);
}

/** Readers that come while a refresh is in flight get what was held before it, or what is held after. */
async function readersInRefresh(world: ChaosWorld): Promise<string> {
	const { belief, setting, tally } = world;
	const { policy } = setting;
	for (const instance of world.instances) {
		const before = world.now();
		belief.watch(instance.slot);
		instance.agent.sourceChanged();
		const opened = Promise.all([openOnce(instance), openOnce(instance), openOnce(instance)]);
		const openings = await world.drive(opened);
		instance.openFailed = policy.isCached ? false : undefined;
		const possible = belief
			.watched(instance.slot)
			.flatMap((agent) => [before, world.now()].map((at) => openingOf(agent, policy, at)));
		for (const opening of openings) assertAmong(opening, possible);
		tally.valuesChecked += openings.filter(({ served }) => served !== undefined).length;
	}
	return "";
}

function assertAmong(opening: Opening, possible: readonly Opening[]): void {
	if (possible.some((each) => isSame(each, opening))) return;
	throw new ChaosViolation(
		`a reader in a refresh got ${JSON.stringify(opening)} of ${JSON.stringify(possible)}`,
	);
}

async function restart(world: ChaosWorld): Promise<string> {
	const down = await breakPlaceSometimes(world);
	await world.stop(0);
	const pausedMs = world.dice.pick([0, 0, 5_000, 70_000]);
	world.clock.freeze(pausedMs);
	world.tally.restarts += 1;
	await world.start(0);
	return `${down} ${pausedMs}`;
}

async function crash(world: ChaosWorld): Promise<string> {
	const down = await breakPlaceSometimes(world);
	const inFlight = world.dice.chance(0.6);
	const instance = world.instance(0);
	if (inFlight) instance?.agent.sourceChanged();
	for (let turns = world.dice.between(0, 6); inFlight && turns > 0; turns -= 1)
		await new Promise<void>((resolve) => setImmediate(resolve));
	if (inFlight) await world.rest();
	await world.crash(0);
	world.tally.restarts += 1;
	await world.start(0);
	return `${down} ${inFlight}`;
}

/** Half of all restarts find the source down, and so depend on the disk. */
async function breakPlaceSometimes(world: ChaosWorld): Promise<string> {
	const failures = PLACES.filter(({ name }) => ["500", "silence", "reset"].includes(name));
	const place = world.dice.pick([undefined, ...failures]);
	if (place === undefined || world.dice.chance(0.3)) return "up";
	world.source.offer(await place.make(world));
	return place.name;
}

/** A second agent over the same cache directory comes, or goes, or crashes. */
async function secondAgent(world: ChaosWorld): Promise<string> {
	const isCrash = world.dice.chance(0.3);
	const hangs = world.instances.some(({ disk }) => disk.hanging > 0);
	if (world.instance(1) === undefined) {
		if (!hangs) await world.start(1);
		return "comes";
	}
	if (isCrash) await world.crash(1);
	else await world.stop(1);
	return isCrash ? "crashes" : "goes";
}

/** After a retry at most this much comes on top: a tenth, and a read or a disk that runs into its deadline. */
const GRACE_MS = 15_000;

/** Everything is put in order again, and the agents must find out by themselves, or at a signal. */
async function heal(world: ChaosWorld): Promise<string> {
	const { dice, setting, source } = world;
	for (const { disk } of world.instances) {
		disk.plan = () => undefined;
		disk.resume();
	}
	await world.rest();
	source.forgetOnce();
	world.correctClock();
	const edition = await newer(world, {
		aheadMs: 0,
		livesMs: 86_400_000,
		signer: setting.policy.signers[0] ?? "a",
	});
	world.source.offer({ kind: "honest", edition, isTagged: true });
	const byItself = dice.chance(0.3);
	if (byItself) await world.pass(Math.max(staleAfter(world), world.longestWaitMs) * 1.1 + GRACE_MS);
	else for (const { agent } of world.instances) agent.sourceChanged();
	await world.rest();
	// A read that was under way has to run into its deadline first.
	if (world.instances.some(({ isIdle }) => !isIdle)) await world.pass(GRACE_MS);
	await assertHealed(world, `${edition.facts.revision} ${edition.facts.secrets}`);
	return byItself ? "by itself" : "at a signal";
}

async function assertHealed(world: ChaosWorld, served: string): Promise<void> {
	for (const instance of world.instances) {
		const { state, lastError } = instance.agent.status();
		const isWell = state === "ready" && (lastError === null || instance.openFailed !== false);
		if (!isWell)
			throw new ChaosViolation(
				`process ${instance.number} has not healed to ${served} at ${world.clock.now()}: ${JSON.stringify(instance.agent.status())}`,
			);
		const opening = await world.drive(openOnce(instance));
		if (opening.served !== served) throw new ChaosViolation(`healed, it gave ${JSON.stringify(opening)}`);
		world.note(instance, opening.served, opening.code);
	}
}
