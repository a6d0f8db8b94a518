import { parseArtifact, TrustFloor, type VerifiedArtifact, verifyArtifact } from "@clef-sh/artifact";

/** The moment all artifacts of these tests are verified at. */
const NOW_MS = Date.UTC(2026, 10, 23);

/** A signal that never fires. */
export const calm: AbortSignal = new AbortController().signal;

/** Takes a body through parse and verify without trusted keys. */
export function verified(body: Uint8Array): VerifiedArtifact {
	const parsed = parseArtifact(body);
	if (parsed.kind !== "artifact") throw new TypeError("a test asked for a revocation");
	return verifyArtifact(parsed, { trustedKeys: [], floor: new TrustFloor() }, NOW_MS);
}

/** Settles a promise that must reject and hands back what it rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
	const [result] = await Promise.allSettled([promise]);
	if (result.status === "rejected") return result.reason;
	throw new TypeError("a test expected a rejection");
}
