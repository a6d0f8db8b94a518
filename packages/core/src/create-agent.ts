import { TrustFloor } from "@clef-sh/artifact";
import { CacheError } from "@clef-sh/cache";
import type { Agent } from "./agent.js";
import { type AgentOptions, resolveOptions } from "./agent-options.js";
import { LiveAgent } from "./live-agent.js";
import { meteredDecryptor } from "./metered-decryptor.js";
import { cachedMode, jitMode } from "./mode.js";
import type { RefreshOutcome } from "./refresh-cycle.js";

/**
 * Starts an agent: verified secrets in this process, kept fresh until `close()`.
 *
 * Rejects with an `AgentError` that names every problem of the options; and, unless `firstLoad` is
 * `background`, with the first refresh's own error when no secrets could be loaded.
 */
export async function createAgent(options: AgentOptions): Promise<Agent> {
	const { firstLoad, subject, ttlSeconds, ...rest } = resolveOptions(options);
	const { clock, onMeasurement, verifyKeys } = rest;
	const decryptor = meteredDecryptor(rest.decryptor, clock, onMeasurement);
	const policy = {
		...subject,
		floor: new TrustFloor(),
		get trustedKeys() {
			return verifyKeys.trusted;
		},
	};
	const parts = { ...rest, decryptor, policy };
	const agent =
		ttlSeconds === 0
			? new LiveAgent({ ...parts, mode: jitMode(decryptor) })
			: new LiveAgent({ ...parts, mode: cachedMode(decryptor, ttlSeconds) });
	const firstRefresh = agent.start();
	if (firstLoad === "required") await assertLoaded(agent, await firstRefresh);
	return agent;
}

async function assertLoaded(agent: Agent, outcome: RefreshOutcome): Promise<void> {
	if (outcome.kind === "replaced" || outcome.kind === "confirmed") return;
	// What was restored from disk may be served though the source did not answer.
	if (agent.status().state === "ready") return;
	await agent.close();
	if (outcome.kind === "kept") throw outcome.error;
	throw new CacheError("ARTIFACT_REVOKED", "The artifact was revoked; pack a new one.", {
		reason: "revoked",
	});
}
