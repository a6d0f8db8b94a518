/** What the model knows of a body that some source has answered with. */
export type Facts = ArtifactFacts | RevocationFacts | JunkFacts;

/** An artifact as its maker knows it; nothing of this was found out by the code under test. */
export interface ArtifactFacts {
	readonly kind: "artifact";
	/** Equal for two bodies exactly when every signed field is equal. */
	readonly payload: string;
	readonly revision: string;
	readonly packedAtMs: number;
	readonly expiresAtMs: number | undefined;
	readonly identity: string;
	/** Who signed it as it stands; undefined for nobody, and for a signature over something else. */
	readonly signer: string | undefined;
	/** Whether the ciphertext fits its hash. */
	readonly isIntact: boolean;
	/** Whether the agent's key opens it and the payload makes sense. */
	readonly opens: boolean;
	/** The payload's JSON. */
	readonly secrets: string;
}

/** A body with `revokedAt`; dates that cannot be read are undefined. */
export interface RevocationFacts {
	readonly kind: "revocation";
	readonly revokedAtMs: number | undefined;
	readonly packedAtMs: number | undefined;
}

/** Nothing that anyone should believe. */
interface JunkFacts {
	readonly kind: "junk";
}

/** What an agent was told to believe. */
export interface Policy {
	/** Empty: signatures are not looked at. */
	readonly signers: readonly string[];
	readonly identity: string | undefined;
	readonly isCached: boolean;
	/** Longest time to serve without hearing from the source. */
	readonly staleAfterMs: number;
}

/** One moment on both clocks. */
export interface Moment {
	readonly wallMs: number;
	readonly monotonicMs: number;
}

/** How far a date may lie ahead (artifact format 5.3 and 6.2). */
export const TOLERANCE_MS = 300_000;

/** What may not be fallen below. */
export interface Floor {
	readonly revokedAtMs: number | undefined;
	/** The newest artifact taken into use, by signer. */
	readonly marks: Readonly<Record<string, ArtifactFacts>>;
}

/** The floor of an agent that has seen nothing. */
export const NO_FLOOR: Floor = { revokedAtMs: undefined, marks: {} };

/** Artifact format, section 6: whether every check passes at this wall time. */
export function passes(artifact: ArtifactFacts, policy: Policy, floor: Floor, wallMs: number): boolean {
	const isSignedPolicy = policy.signers.length > 0;
	if (!artifact.isIntact) return false;
	if (isSignedPolicy && !policy.signers.includes(artifact.signer ?? "")) return false;
	if (policy.identity !== undefined && artifact.identity !== policy.identity) return false;
	if (isSignedPolicy && artifact.packedAtMs > wallMs + TOLERANCE_MS) return false;
	if (isRevoked(artifact, floor)) return false;
	const mark = isSignedPolicy ? floor.marks[artifact.signer ?? ""] : undefined;
	if (mark !== undefined && mark.revision === artifact.revision && mark.payload !== artifact.payload)
		return false;
	if (mark !== undefined && artifact.packedAtMs < mark.packedAtMs) return false;
	return artifact.expiresAtMs === undefined || wallMs < artifact.expiresAtMs;
}

/** Whether a record with this artifact may be put where this floor is. */
export function admits(floor: Floor, artifact: ArtifactFacts, policy: Policy): boolean {
	const mark = policy.signers.length > 0 ? floor.marks[artifact.signer ?? ""] : undefined;
	return !isRevoked(artifact, floor) && (mark === undefined || artifact.packedAtMs >= mark.packedAtMs);
}

function isRevoked(artifact: ArtifactFacts, floor: Floor): boolean {
	return floor.revokedAtMs !== undefined && artifact.packedAtMs <= floor.revokedAtMs;
}

/** The floor once this artifact is in use. */
export function raised(floor: Floor, artifact: ArtifactFacts, policy: Policy): Floor {
	const { signer } = artifact;
	if (policy.signers.length === 0 || signer === undefined) return floor;
	return merged(floor, { revokedAtMs: undefined, marks: { [signer]: artifact } });
}

/**
 * Decision 0003: refused is everything packed up to the latest of these dates, one far ahead counting as now, unless
 * a trusted key has signed it.
 */
export function revoked(
	floor: Floor,
	{ revokedAtMs, packedAtMs }: RevocationFacts,
	held: ArtifactFacts | undefined,
	{ policy, wallMs }: { readonly policy: Policy; readonly wallMs: number },
): Floor {
	const isSigned = policy.signers.length > 0;
	const dates = [revokedAtMs ?? wallMs, packedAtMs, held?.packedAtMs]
		.filter((ms) => ms !== undefined)
		.map((ms) => (ms > wallMs + TOLERANCE_MS ? wallMs : ms));
	if (held !== undefined && isSigned) dates.push(held.packedAtMs);
	return { ...floor, revokedAtMs: Math.max(...dates, floor.revokedAtMs ?? Number.NEGATIVE_INFINITY) };
}

/** Of each mark and date the higher one; of equals the second's. */
export function merged(first: Floor, second: Floor): Floor {
	const marks = { ...first.marks };
	for (const [signer, mark] of Object.entries(second.marks)) {
		if (mark.packedAtMs >= (marks[signer]?.packedAtMs ?? Number.NEGATIVE_INFINITY)) marks[signer] = mark;
	}
	const dates = [first.revokedAtMs, second.revokedAtMs].filter((ms) => ms !== undefined);
	return { revokedAtMs: dates.length === 0 ? undefined : Math.max(...dates), marks };
}
