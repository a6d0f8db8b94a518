import { type AgentStatus, CacheError, DecryptError, type OpenSecrets } from "@clef-sh/core";
import { type Belief, ChaosViolation } from "./belief.js";
import type { Moment, Policy } from "./facts.js";
import { type Instance, tells } from "./instance.js";
import { type AgentState, hasExpired, stateOf } from "./model.js";

/** What became of one `open()`. */
export interface Opening {
	/** `revision` and the JSON of what was served, or the error's code. */
	readonly served: string | undefined;
	readonly code: string | undefined;
}

/** Opens the agent's secrets and notes what comes, in the turn in which it comes. */
export function openOnce({ agent }: Instance): Promise<Opening> {
	return agent.open().then(readServed, readRefusal);
}

function readServed(opened: OpenSecrets): Opening {
	const secrets = JSON.stringify(opened.secrets.reveal());
	const body = opened.body("packed")?.toString();
	if (body !== secrets) throw new ChaosViolation(`the response body differs from the secrets: ${body}`);
	return { served: `${opened.revision} ${secrets}`, code: undefined };
}

function readRefusal(error: unknown): Opening {
	if (error instanceof ChaosViolation) throw error;
	if (!(error instanceof CacheError || error instanceof DecryptError))
		throw new ChaosViolation(`open() rejected with ${String(error)}`);
	if (tells(error.message)) throw new ChaosViolation(`an error tells a secret: ${error.code}`);
	const code = error instanceof DecryptError ? "DECRYPT" : error.code;
	return { served: undefined, code };
}

const CODES: Readonly<Record<string, string>> = {
	not_loaded: "AGENT_NOT_READY",
	revoked: "ARTIFACT_REVOKED",
	artifact_expired: "ARTIFACT_EXPIRED",
	cache_expired: "AGENT_NOT_FRESH",
};

/** What `open()` must give. */
export function openingOf(agent: AgentState, policy: Policy, now: Moment): Opening {
	const state = stateOf(agent, policy, now);
	const artifact = agent.held?.artifact;
	if (state !== "ready" || artifact === undefined) return { served: undefined, code: CODES[state] };
	if (!artifact.opens) return { served: undefined, code: "DECRYPT" };
	return { served: `${artifact.revision} ${artifact.secrets}`, code: undefined };
}

/** Asserts that an opening is one that the model allows now, or allowed at some moment since it was watched. */
export function assertOpening(
	belief: Belief,
	{ number, slot }: Instance,
	opening: Opening,
	policy: Policy,
	now: Moment,
): void {
	const fits = (agent: AgentState) => isSame(openingOf(agent, policy, now), opening);
	if (!belief.agents(slot).some(fits) && belief.watched(slot).some(fits)) return;
	belief.keep(fits, slot, () => `open() of process ${number} gave ${JSON.stringify(opening)}`);
}

/** Whether two openings are the same. */
export function isSame(first: Opening, second: Opening): boolean {
	return first.served === second.served && first.code === second.code;
}

/** Asserts that the agent says of itself what the model says; `openFailed` is undefined where nobody can know. */
export function assertStatus(
	belief: Belief,
	instance: Instance,
	policy: Policy,
	now: Moment,
	openFailed: boolean | undefined,
): void {
	const status = instance.agent.status();
	const fits = (agent: AgentState) => {
		// While it waits for its disk, a refresh has not ended, and the failure before it stands.
		const hasFailed = instance.waitsForDisk ? undefined : agent.readFailed || openFailed;
		return (
			status.state === stateOf(agent, policy, now) &&
			status.revision === (agent.held?.artifact.revision ?? null) &&
			status.lastRefreshAt === (agent.held?.confirmed.wallMs ?? null) &&
			status.expired === (agent.held !== undefined && hasExpired(agent.held, now)) &&
			(hasFailed === undefined || (status.lastError !== null) === hasFailed)
		);
	};
	belief.keep(fits, instance.slot, () => `process ${instance.number} says ${words(status)} at ${now.wallMs}`);
	assertTimers(instance);
	assertSecretsAgree(instance, status);
}

function words(status: AgentStatus): string {
	return JSON.stringify(status);
}

/** The loop or a flight: of the source at most two deadlines, of the disk one. */
const MOST_TIMERS = 3;

function assertTimers({ clock, number }: Instance): void {
	if (clock.pending() <= MOST_TIMERS) return;
	throw new ChaosViolation(`process ${number} has ${clock.pending()} timers pending`);
}

/** `secrets()` must agree with the state at the same moment; in just-in-time mode it refuses. */
function assertSecretsAgree({ agent, number }: Instance, { state }: AgentStatus): void {
	if (agent.mode === "jit") return;
	let refused: unknown;
	try {
		agent.secrets();
	} catch (error) {
		refused = error;
	}
	const isRight = state === "ready" ? refused === undefined : refused instanceof CacheError;
	if (!isRight)
		throw new ChaosViolation(`process ${number} is ${state}, and secrets() gave ${String(refused)}`);
}
