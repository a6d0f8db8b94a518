import { createHash, verify as verifySignature } from "node:crypto";
import { ArtifactError } from "./artifact-error.js";
import { decodeBase64 } from "./base64.js";
import type { Encryption } from "./encryption.js";
import type { ArtifactHeader } from "./header.js";
import type { UnverifiedArtifact } from "./parse.js";
import { quote } from "./quote.js";
import { signingPayload } from "./signing-payload.js";
import { FUTURE_TOLERANCE_MS, type TrustFloor } from "./trust-floor.js";
import type { TrustedKey } from "./trusted-key.js";

/** Who and what is believed. */
export interface VerificationPolicy {
	/** The identity and environment an artifact must be packed for; absent means any. */
	readonly identity?: string;
	readonly environment?: string;
	/** When empty, signatures are not looked at. */
	readonly trustedKeys: readonly TrustedKey[];
	readonly floor: TrustFloor;
}

interface VerifiedFields {
	readonly artifact: UnverifiedArtifact;
	readonly signedBy: string | undefined;
	readonly payloadDigest: string;
}

/** Known to this file alone, so that code which goes round the type checker cannot construct one either. */
const PASSED = Symbol("passed every check");

let construct: (fields: VerifiedFields) => VerifiedArtifact;

/** An artifact that passed every check of a policy; only `verifyArtifact` makes one. */
export class VerifiedArtifact {
	readonly header: ArtifactHeader;
	readonly encryption: Encryption;
	readonly ciphertext: Uint8Array;
	/** The fingerprint of the trusted key that verified; absent when the policy has no keys. */
	readonly signedBy?: string;
	/** Lower-case hex SHA-256 of the signing payload: what this artifact is, whoever signed it. */
	readonly payloadDigest: string;
	// biome-ignore lint/correctness/noUnusedPrivateClassMembers: without it any object of this shape would do.
	readonly #brand: true;

	static {
		construct = (fields) => new VerifiedArtifact(PASSED, fields);
	}

	private constructor(proof: typeof PASSED, { artifact, signedBy, payloadDigest }: VerifiedFields) {
		if (proof !== PASSED) throw new TypeError("Only verifyArtifact makes a VerifiedArtifact.");
		this.#brand = true;
		this.header = artifact.header;
		this.encryption = artifact.encryption;
		this.ciphertext = artifact.ciphertextBytes;
		if (signedBy !== undefined) this.signedBy = signedBy;
		this.payloadDigest = payloadDigest;
		Object.freeze(this);
	}
}

/**
 * Runs every check, in this order, and returns the artifact as trusted; `nowMs` is epoch milliseconds.
 *
 * Throws an `ArtifactError` with the code of the first check that fails. The floor is read, never raised.
 */
export function verifyArtifact(
	artifact: UnverifiedArtifact,
	policy: VerificationPolicy,
	nowMs: number,
): VerifiedArtifact {
	const { header, encryption } = artifact;
	const payload = signingPayload(header, encryption);
	const payloadDigest = sha256Hex(payload);

	assertDigest(artifact);
	const signedBy = assertSigned(artifact, payload, policy.trustedKeys);
	assertSubject("identity", header.identity, policy.identity);
	assertSubject("environment", header.environment, policy.environment);
	if (signedBy !== undefined) assertNotFromFuture(header, nowMs);
	policy.floor.assertAllows(header, signedBy, payloadDigest);
	assertNotExpired(header, nowMs);
	return construct({ artifact, signedBy, payloadDigest });
}

function assertDigest({ header, ciphertext }: UnverifiedArtifact): void {
	if (sha256Hex(ciphertext) === header.ciphertextHash) return;
	throw new ArtifactError(
		"ARTIFACT_DIGEST_MISMATCH",
		"The artifact's ciphertext does not match its hash; it was damaged or changed, so pack it again.",
	);
}

/** Returns the fingerprint of the key that verified, or `undefined` when no key is trusted. */
function assertSigned(
	artifact: UnverifiedArtifact,
	payload: Uint8Array,
	trustedKeys: readonly TrustedKey[],
): string | undefined {
	if (trustedKeys.length === 0) return undefined;
	const { signature, signatureAlgorithm } = artifact;
	if (!signature) {
		throw new ArtifactError(
			"ARTIFACT_SIGNATURE_MISSING",
			"The artifact is not signed, and a verify key is set; pack it with the signing key.",
		);
	}
	const candidates = trustedKeys.filter(({ algorithm }) => algorithm === (signatureAlgorithm ?? algorithm));
	const signer = findSigner(payload, signature, candidates);
	if (signer !== undefined) return signer.fingerprint;
	throw new ArtifactError(
		"ARTIFACT_SIGNATURE_INVALID",
		"The artifact's signature does not verify with any trusted key; check the verify key, or pack it again.",
	);
}

function findSigner(
	payload: Uint8Array,
	signature: string,
	candidates: readonly TrustedKey[],
): TrustedKey | undefined {
	const bytes = decodeBase64(signature);
	if (bytes === undefined) return undefined;
	return candidates.find((trusted) => isSignedBy(trusted, payload, bytes));
}

function isSignedBy({ algorithm, key }: TrustedKey, payload: Uint8Array, signature: Uint8Array): boolean {
	const digest = algorithm === "Ed25519" ? null : "sha256";
	try {
		return verifySignature(digest, payload, { key, dsaEncoding: "der" }, signature);
	} catch {
		// A signature that the library chokes on is one that does not verify.
		return false;
	}
}

function assertSubject(
	field: "identity" | "environment",
	packedFor: string,
	expected: string | undefined,
): void {
	if (expected === undefined || packedFor === expected) return;
	throw new ArtifactError(
		"ARTIFACT_SUBJECT_MISMATCH",
		`The artifact is packed for the ${field} ${quote(packedFor)}, and this agent serves ${quote(expected)}; ` +
			"check the source.",
	);
}

function assertNotFromFuture(header: ArtifactHeader, nowMs: number): void {
	if (header.packedAtMs <= nowMs + FUTURE_TOLERANCE_MS) return;
	throw new ArtifactError(
		"ARTIFACT_FROM_FUTURE",
		`The artifact says it is packed at ${header.packedAt}, more than 5 minutes ahead; check both clocks.`,
	);
}

function assertNotExpired({ expiresAt, expiresAtMs }: ArtifactHeader, nowMs: number): void {
	if (expiresAtMs === undefined || nowMs < expiresAtMs) return;
	throw new ArtifactError(
		"ARTIFACT_EXPIRED",
		`The artifact expired at ${expiresAt}; pack the secrets again.`,
	);
}

function sha256Hex(data: string | Uint8Array): string {
	return createHash("sha256").update(data).digest("hex");
}
