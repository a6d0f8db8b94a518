import { createAgent, type Secrets } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";

/** Real secrets, decrypted by a real agent from an artifact sealed for the occasion. */
export async function secretsOf(payload: unknown): Promise<Secrets> {
	await using agent = await createAgent({
		source: new ScriptedSource(await sealArtifact({ secrets: payload })),
		decryptor: { ageIdentities: vectorKeys.ageSecretKey },
		clock: new ManualClock(),
	});
	return agent.secrets();
}
