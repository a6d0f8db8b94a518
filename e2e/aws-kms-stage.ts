import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { type EnvelopeOptions, sealEnvelope } from "@clef-sh/testkit/envelopes";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";

/** What an agent serves first. */
export const FIRST = { DATABASE_URL: "postgres://one:1111@db/app" };
/** What is published later. */
export const SECOND = { DATABASE_URL: "postgres://two:2222@db/app" };

/** Distinct moments, as the trust floor wants them. */
export function packedAt(minute: number): string {
	return `2026-11-22T04:${String(minute).padStart(2, "0")}:00.000Z`;
}

/** A source on 127.0.0.1 with its own entity tags, and an agent that reads it with these variables. */
export async function serving(
	artifact: Uint8Array,
	ttl: string,
	variables: Readonly<Record<string, string>>,
) {
	const source = await startServer(behaviours.ok(artifact));
	onTestFinished(() => source.close());
	const agent = await AgentProcess.listening(
		{
			CLEF_AGENT_SOURCE: source.url,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_CACHE_TTL: ttl,
			...variables,
		},
		{ withoutAgeKey: true },
	);
	onTestFinished(() => {
		for (const { DATABASE_URL } of [FIRST, SECOND]) expect(agent.stderr).not.toContain(DATABASE_URL);
		expect(agent.stderr).not.toContain(variables.AWS_SECRET_ACCESS_KEY);
	});
	/** What the source has from now on; resolves when the agent has asked for it. */
	const publish = async (next: Uint8Array): Promise<void> => {
		const before = source.requests.length;
		source.respondWith(behaviours.ok(next));
		agent.signal("SIGHUP");
		await eventually("a poll", () => source.requests.length > before);
	};
	return { agent, source, publish };
}

/** The fake with one key, and an agent that serves FIRST under it. */
export async function stage(ttl: string) {
	const kms = await AwsKmsServer.start();
	onTestFinished(() => kms.close());
	const key = kms.key("SYMMETRIC_DEFAULT", "clef");
	const seal = (minute: number, secrets: object, more: Partial<EnvelopeOptions> = {}) =>
		sealEnvelope({
			provider: "aws",
			keyId: key.arn,
			wrap: (dataKey) => encryptWith(key, dataKey),
			revision: `r${minute}`,
			packedAt: packedAt(minute),
			secrets,
			...more,
		});
	const served = await serving(await seal(1, FIRST), ttl, kms.environment());
	await served.agent.serves(FIRST);
	return { kms, key, seal, ...served };
}
