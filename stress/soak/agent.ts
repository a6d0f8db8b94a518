import { existsSync } from "node:fs";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { ServedAgent } from "../served-agent.js";

/** The token the agent asks for. */
export const TOKEN = "soak-token-of-enough-characters";

/** What the system says of the agent's process at one moment. */
export interface Usage {
	readonly rssMib: number;
	/** Open file descriptors. */
	readonly descriptors: number;
}

/** Starts the built command on this source with the golden vectors' keys, and waits until it serves. */
export async function startSoakAgent(sourceUrl: string, ttlSeconds: number): Promise<ServedAgent> {
	const agent = await ServedAgent.start({
		CLEF_AGENT_SOURCE: sourceUrl,
		CLEF_AGENT_CACHE_TTL: String(ttlSeconds),
		CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_TOKEN: TOKEN,
	});
	await agent.ready();
	return agent;
}

/** Undefined where there is no /proc, and once the process is gone. */
export function usageOf(agent: ServedAgent): Usage | undefined {
	if (!agent.isAlive || !existsSync("/proc/self/status")) return undefined;
	return { rssMib: agent.residentBytes() / 1_048_576, descriptors: agent.descriptors() };
}
