import { parseArtifact, TrustFloor, type VerifiedArtifact, verifyArtifact } from "@clef-sh/artifact";
import { type SealOptions, sealArtifact } from "@clef-sh/testkit/artifacts";

/** A verified artifact; the only way to one is through parse and verify. */
export async function verified(options: SealOptions = {}): Promise<VerifiedArtifact> {
	const parsed = parseArtifact(await sealArtifact(options));
	if (parsed.kind !== "artifact") throw new TypeError("sealArtifact made a revocation");
	return verifyArtifact(
		parsed,
		{ trustedKeys: [], floor: new TrustFloor() },
		Date.parse("2026-11-22T05:00:00Z"),
	);
}
