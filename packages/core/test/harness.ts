import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { type Agent, type AgentEvent, type AgentOptions, createAgent } from "../src/index.js";

/** An agent over a scripted source and a manual clock, and everything it told its sink. */
export interface Harness {
	readonly agent: Agent;
	readonly source: ScriptedSource;
	readonly clock: ManualClock;
	readonly events: AgentEvent[];
	/** The names of the events so far, which are then forgotten. */
	drain(): string[];
}

/** Options of the agent, as far as they are not the harness's own. */
export type HarnessOptions = Partial<Omit<AgentOptions, "source" | "clock" | "onEvent">> & {
	/** Whether the vectors' key is trusted, as it is by default, or signatures are not looked at. */
	readonly isVerifying?: boolean;
};

/** Half way: jitter and back-off take their mean. */
const MEAN = 0.5;

export async function startAgent(
	body: Uint8Array,
	{ isVerifying = true, ...options }: HarnessOptions = {},
): Promise<Harness> {
	const source = new ScriptedSource(body);
	const clock = new ManualClock();
	const events: AgentEvent[] = [];
	const agent = await createAgent({
		source,
		clock,
		decryptor: { ageIdentities: vectorKeys.ageSecretKey },
		...(isVerifying && { verifyKeys: vectorKeys.ed25519PublicKey }),
		firstLoad: "background",
		random: () => MEAN,
		...options,
		onEvent: (event) => events.push(event),
	});
	await untilQuiet(agent);
	return { agent, source, clock, events, drain: () => events.splice(0).map(({ event }) => event) };
}

/** Waits for the refresh in flight, without starting another. */
async function untilQuiet(agent: Agent): Promise<void> {
	await agent.refresh();
	await settle();
}
