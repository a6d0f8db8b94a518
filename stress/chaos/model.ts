import { afterOperation, type DiskOperation, type DiskState, readings } from "./disk-model.js";
import {
	type ArtifactFacts,
	type Facts,
	type Floor,
	type Moment,
	merged,
	NO_FLOOR,
	type Policy,
	passes,
	raised,
	revoked,
	TOLERANCE_MS,
} from "./facts.js";

/** What one agent must hold, if all that is known of its life is true. */
export interface AgentState {
	readonly held: Held | undefined;
	readonly whyEmpty: "not_loaded" | "revoked";
	readonly floor: Floor;
	/** What the agent must send with its next read. */
	readonly tag: string | undefined;
	readonly readFailed: boolean;
	/** Asked of a disk that hangs, and done as soon as it goes on. */
	readonly unwritten: DiskOperation | undefined;
}

/** The artifact in use, and when its source last vouched for it. */
export interface Held {
	readonly artifact: ArtifactFacts;
	readonly confirmed: Moment;
}

/** One possible course of events; where the model cannot know, it follows several at once. */
export interface World {
	readonly agents: readonly [AgentState, AgentState];
	readonly disk: DiskState;
	/** What was in the copies of the record that somebody took aside. */
	readonly copies: readonly DiskState[];
}

/** One of the agents that may run at the same time. */
export type Slot = 0 | 1;

/** How a read ended, as the source knows it. */
export interface Answer {
	readonly kind: "body" | "unmodified" | "failure";
	readonly facts: Facts;
	/** Sent along with the body. */
	readonly tag: string | undefined;
	/** What the agent sent. */
	readonly askedWith: string | undefined;
	readonly startedAt: Moment;
	readonly answeredAt: Moment;
}

/** What is known of the disk during some time: it worked, faults were put into it, it hangs, or there is none. */
export type DiskCondition = "works" | "faulty" | "hangs" | "absent";

/** An agent that has just been born. */
export const NEWBORN: AgentState = {
	held: undefined,
	whyEmpty: "not_loaded",
	floor: NO_FLOOR,
	tag: undefined,
	readFailed: false,
	unwritten: undefined,
};

/** Puts another state of one agent into a world. */
export function withAgent(world: World, slot: Slot, agent: AgentState): World {
	const [first, second] = world.agents;
	return { ...world, agents: slot === 0 ? [agent, second] : [first, agent] };
}

/** The courses that remain possible once an agent has looked at its disk, at the start of its life. */
export function afterLoad(
	world: World,
	slot: Slot,
	policy: Policy,
	now: Moment,
	disk: DiskCondition,
): readonly World[] {
	if (disk === "absent") return [world];
	const loaded = readings(world.disk).map((reading) => ({
		...withAgent(world, slot, restored(world.agents[slot], reading, policy, now)),
		disk: reading,
	}));
	return disk === "works" ? loaded : [world, ...loaded];
}

function restored(agent: AgentState, disk: DiskState, policy: Policy, now: Moment): AgentState {
	if (disk.kind !== "record") return agent;
	const floor = merged(agent.floor, disk.floor);
	const { artifact, tag } = disk;
	const atMs = disk.confirmed.at(-1);
	if (artifact === undefined) return { ...agent, floor, whyEmpty: "revoked" };
	const isUsable = passes(artifact, policy, floor, now.wallMs) && (artifact.opens || !policy.isCached);
	if (atMs === undefined || !isUsable) return { ...agent, floor };
	const ageMs = atMs > now.wallMs + TOLERANCE_MS ? policy.staleAfterMs : Math.max(0, now.wallMs - atMs);
	const confirmed = { wallMs: atMs, monotonicMs: now.monotonicMs - ageMs };
	return { ...agent, floor: raised(floor, artifact, policy), tag, held: { artifact, confirmed } };
}

/** The courses that remain possible once a read of an agent has ended like this. */
export function afterAnswer(
	world: World,
	slot: Slot,
	policy: Policy,
	answer: Answer,
	disk: DiskCondition,
): readonly World[] {
	const agent = world.agents[slot];
	if (answer.askedWith !== agent.tag) return [];
	const { next, operation } = digested(agent, policy, answer);
	return written(withAgent(world, slot, next), slot, policy, operation, disk);
}

interface Digested {
	readonly next: AgentState;
	readonly operation?: DiskOperation;
}

function digested(agent: AgentState, policy: Policy, answer: Answer): Digested {
	const { facts } = answer;
	const failed = { next: { ...agent, readFailed: true } };
	if (answer.kind === "unmodified") return agent.tag === undefined ? failed : confirmed(agent, answer);
	if (answer.kind === "failure" || facts.kind === "junk") return failed;
	if (facts.kind === "revocation") {
		const { wallMs } = answer.answeredAt;
		const floor = revoked(agent.floor, facts, agent.held?.artifact, { policy, wallMs });
		const next = { ...NEWBORN, whyEmpty: "revoked", floor, unwritten: agent.unwritten } as const;
		return { next, operation: { kind: "revoke" } };
	}
	if (!passes(facts, policy, agent.floor, answer.answeredAt.wallMs)) return failed;
	const { tag } = answer;
	const operation = { kind: "keep", artifact: facts, tag, at: answer.startedAt.wallMs } as const;
	const isHeld = agent.held?.artifact.payload === facts.payload;
	// Just-in-time takes what it cannot open only when there is nothing good to lose.
	const mustOpen = policy.isCached || stateOf(agent, policy, answer.answeredAt) === "ready";
	if (!isHeld && mustOpen && !facts.opens) return failed;
	const held = { artifact: facts, confirmed: answer.startedAt };
	const floor = isHeld ? agent.floor : raised(agent.floor, facts, policy);
	return { next: { ...agent, held, floor, tag, readFailed: false }, operation };
}

function confirmed(agent: AgentState, { startedAt }: Answer): Digested {
	if (agent.held === undefined) return { next: { ...agent, readFailed: true } };
	const { artifact } = agent.held;
	const next = { ...agent, held: { artifact, confirmed: startedAt }, readFailed: false };
	return { next, operation: { kind: "keep", artifact, tag: agent.tag, at: startedAt.wallMs } };
}

function written(
	world: World,
	slot: Slot,
	policy: Policy,
	operation: DiskOperation | undefined,
	disk: DiskCondition,
): readonly World[] {
	if (operation === undefined || disk === "absent") return [world];
	const agent = world.agents[slot];
	// A second operation waits for the one that hangs, and changes nothing yet.
	const isWaiting = disk === "hangs" && agent.unwritten !== undefined;
	const next = disk === "hangs" ? { ...agent, unwritten: operation } : agent;
	const course = withAgent(world, slot, next);
	if (isWaiting) return [course];
	const states = afterOperation(world.disk, operation, agent.floor, policy, disk === "works");
	return states.map((state) => ({ ...course, disk: state }));
}

/** The courses that remain possible once the disk of an agent goes on. */
export function afterResume(world: World, slot: Slot, policy: Policy, disk: DiskCondition): readonly World[] {
	const agent = world.agents[slot];
	const operation = agent.unwritten;
	return written(withAgent(world, slot, { ...agent, unwritten: undefined }), slot, policy, operation, disk);
}

/** What may be served now, and if nothing, why. */
export function stateOf(
	{ held, whyEmpty }: AgentState,
	policy: Policy,
	now: Moment,
): "ready" | "not_loaded" | "revoked" | "artifact_expired" | "cache_expired" {
	if (held === undefined) return whyEmpty;
	if (hasExpired(held, now)) return "artifact_expired";
	const isStale = now.monotonicMs - held.confirmed.monotonicMs >= policy.staleAfterMs;
	return isStale ? "cache_expired" : "ready";
}

/** Whether the artifact's own end has passed by the agent's clock. */
export function hasExpired({ artifact }: Held, now: Moment): boolean {
	return artifact.expiresAtMs !== undefined && now.wallMs >= artifact.expiresAtMs;
}
