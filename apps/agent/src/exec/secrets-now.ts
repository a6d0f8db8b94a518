import { type Agent, isCodedError, type Secrets } from "@clef-sh/core";

/** The secrets, or undefined while there are none to be had; the agent's own events tell why. */
export async function secretsNow(agent: Agent): Promise<Secrets | undefined> {
	// Asking an agent that has none would make it read its source at once, against its own schedule.
	if (agent.status().state !== "ready") return undefined;
	try {
		return (await agent.open()).secrets;
	} catch (error) {
		if (isCodedError(error)) return undefined;
		throw error;
	}
}
