import { ArtifactError } from "./artifact-error.js";
import type { ArtifactHeader } from "./header.js";
import { quote } from "./quote.js";
import type { Revocation } from "./revocation.js";
import type { VerifiedArtifact } from "./verify.js";

/** How far a `packedAt` or `revokedAt` may lie ahead of the agent's clock, in milliseconds. */
export const FUTURE_TOLERANCE_MS = 300_000;

/** The newest artifact that was taken into use under one verify key. */
interface Mark {
	readonly packedAtMs: number;
	readonly revision: string;
	readonly payloadDigest: string;
}

/** A floor as plain JSON data, to be kept across a restart. */
export interface TrustFloorState {
	/** Epoch milliseconds of the newest revocation. */
	readonly revokedAtMs?: number;
	/** One per verify key, `signedBy` being its fingerprint. */
	readonly marks: readonly (Mark & { readonly signedBy: string })[];
}

/**
 * What later artifacts may not fall below: the newest revocation, and per verify key the newest artifact.
 *
 * One floor per key, so that a key which signed ahead of time cannot lock its successor out.
 */
export class TrustFloor {
	readonly #marks: Map<string, Mark> = new Map();
	#revokedAtMs: number | undefined;

	/** Epoch milliseconds of the newest revocation, or `undefined`. */
	revokedAtMs(): number | undefined {
		return this.#revokedAtMs;
	}

	/**
	 * Takes a revocation in: what was packed before it, or before the artifact that it revokes or that is `held`, is
	 * refused from now on.
	 *
	 * An unsigned body can revoke, so a date too far ahead counts as now: it must not lock the agent out for ever. What
	 * a trusted key has signed is believed, also by a clock that was set back since.
	 */
	revoke(revocation: Revocation, nowMs: number, held?: VerifiedArtifact): void {
		const dates = [revocation.revokedAtMs ?? nowMs, revocation.packedAtMs, held?.header.packedAtMs];
		const credible = dates
			.filter((ms) => ms !== undefined)
			.map((ms) => (ms > nowMs + FUTURE_TOLERANCE_MS ? nowMs : ms));
		if (held?.signedBy !== undefined) credible.push(held.header.packedAtMs);
		this.#revokedAtMs = Math.max(...credible, this.#revokedAtMs ?? Number.NEGATIVE_INFINITY);
	}

	/** Makes an artifact that was taken into use the mark of its key; an older one changes nothing. */
	raise(verified: VerifiedArtifact): void {
		const { header, signedBy, payloadDigest } = verified;
		if (signedBy === undefined) return;
		const { packedAtMs, revision } = header;
		this.#raiseMark(signedBy, { packedAtMs, revision, payloadDigest });
	}

	/** What {@link merge} takes; a later change of the floor does not reach it. */
	state(): TrustFloorState {
		return {
			...(this.#revokedAtMs === undefined ? {} : { revokedAtMs: this.#revokedAtMs }),
			marks: [...this.#marks].map(([signedBy, mark]) => ({ signedBy, ...mark })),
		};
	}

	/** Takes over whatever another floor has that is higher. */
	merge({ revokedAtMs, marks }: TrustFloorState): void {
		if (revokedAtMs !== undefined)
			this.#revokedAtMs = Math.max(revokedAtMs, this.#revokedAtMs ?? revokedAtMs);
		for (const { signedBy, ...mark } of marks) this.#raiseMark(signedBy, mark);
	}

	#raiseMark(signedBy: string, mark: Mark): void {
		const known = this.#marks.get(signedBy);
		if (known === undefined || mark.packedAtMs >= known.packedAtMs) this.#marks.set(signedBy, mark);
	}

	/** Whether an artifact that passed every check earlier would still pass this floor. */
	admits({ header, signedBy }: VerifiedArtifact): boolean {
		if (this.#revokedAtMs !== undefined && header.packedAtMs <= this.#revokedAtMs) return false;
		const mark = signedBy === undefined ? undefined : this.#marks.get(signedBy);
		return mark === undefined || header.packedAtMs >= mark.packedAtMs;
	}

	/**
	 * Throws `ARTIFACT_REVOKED`, or for a signed artifact `ARTIFACT_EQUIVOCATED` or `ARTIFACT_ROLLED_BACK`.
	 *
	 * `signedBy` is the fingerprint of the key that verified, `undefined` when no key is trusted.
	 */
	assertAllows(header: ArtifactHeader, signedBy: string | undefined, payloadDigest: string): void {
		assertNotRevoked(header, this.#revokedAtMs);
		const mark = signedBy === undefined ? undefined : this.#marks.get(signedBy);
		if (mark === undefined) return;
		assertNotEquivocated(header, payloadDigest, mark);
		assertNotRolledBack(header, mark);
	}
}

function assertNotRevoked(header: ArtifactHeader, revokedAtMs: number | undefined): void {
	if (revokedAtMs === undefined || header.packedAtMs > revokedAtMs) return;
	throw new ArtifactError(
		"ARTIFACT_REVOKED",
		`The artifact packed at ${header.packedAt} was revoked; pack the secrets again to lift the revocation.`,
	);
}

function assertNotEquivocated(header: ArtifactHeader, payloadDigest: string, mark: Mark): void {
	if (header.revision !== mark.revision || payloadDigest === mark.payloadDigest) return;
	throw new ArtifactError(
		"ARTIFACT_EQUIVOCATED",
		`Revision ${quote(header.revision)} was signed twice with different content; find out who else uses the signing key.`,
	);
}

function assertNotRolledBack(header: ArtifactHeader, mark: Mark): void {
	if (header.packedAtMs >= mark.packedAtMs) return;
	throw new ArtifactError(
		"ARTIFACT_ROLLED_BACK",
		`The artifact packed at ${header.packedAt} is older than one that was already in use; ` +
			"to go back on purpose, pack the older secrets again so that packedAt is new.",
	);
}
