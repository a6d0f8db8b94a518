import { AssertionError, ok, strictEqual } from "node:assert";
import { createHash } from "node:crypto";
import {
	ArtifactError,
	parseArtifact,
	type Revocation,
	VerifiedArtifact,
	verifyArtifact,
} from "@clef-sh/artifact";
import type { AppliedPolicy } from "./artifact-policies.js";
import { type Shape, shapeOf } from "./artifact-shape.js";
import { assertPrintable } from "./printable.js";
import { signingText } from "./signing-text.js";

/** The codes that a body may be refused with; `ARTIFACT_KEY_UNSUPPORTED` speaks of keys, not of bodies. */
export const REFUSALS: readonly string[] = [
	"ARTIFACT_MALFORMED",
	"ARTIFACT_VERSION_UNSUPPORTED",
	"ARTIFACT_DIGEST_MISMATCH",
	"ARTIFACT_SIGNATURE_MISSING",
	"ARTIFACT_SIGNATURE_INVALID",
	"ARTIFACT_SUBJECT_MISMATCH",
	"ARTIFACT_ROLLED_BACK",
	"ARTIFACT_EQUIVOCATED",
	"ARTIFACT_FROM_FUTURE",
	"ARTIFACT_EXPIRED",
	"ARTIFACT_REVOKED",
];

/** The outcome of a body that became a verified artifact. */
export const ACCEPTED = "accepted";

/** The outcome of a body that became a revocation. */
export const REVOKED = "revocation";

/** Far above what any body of these sizes should take, even on a machine that is busy. */
const SLOW_MS = 2_000;

const MAX_MESSAGE = 2_000;
/** 256 characters outside of the basic plane. */
const MAX_NAME = 512;

/** For what a trusted key signed and a policy does not let pass. */
const REFUSALS_BY_POLICY = REFUSALS.slice(REFUSALS.indexOf("ARTIFACT_SIGNATURE_INVALID"));

/**
 * Puts a body through parse and verify, and gives the outcome: {@link ACCEPTED}, {@link REVOKED} or a code.
 *
 * Throws an `AssertionError` for an outcome that the contract does not allow.
 */
export function judgeArtifact(body: Buffer, applied: AppliedPolicy): string {
	const startedMs = performance.now();
	const outcome = outcomeOf(body, applied);
	const tookMs = performance.now() - startedMs;
	ok(tookMs <= SLOW_MS, `it took ${Math.round(tookMs)} ms`);
	const said = sayWhat(outcome, applied);
	const allowed = allowedOutcomes(shapeOf(body), applied);
	ok(allowed.includes(said), `it is ${said}, and should be one of: ${allowed.join(", ")}`);
	return said;
}

function outcomeOf(body: Buffer, { policy, nowMs }: AppliedPolicy): unknown {
	try {
		const parsed = parseArtifact(body);
		return parsed.kind === "artifact" ? verifyArtifact(parsed, policy, nowMs) : parsed;
	} catch (error) {
		return error;
	}
}

function sayWhat(outcome: unknown, applied: AppliedPolicy): string {
	if (outcome instanceof VerifiedArtifact) {
		assertGenuine(outcome, applied);
		return ACCEPTED;
	}
	if (outcome instanceof Error) return codeOf(outcome);
	assertRevocation(outcome as Revocation);
	return REVOKED;
}

/** What may become of a body, in the order in which the contract has the checks made. */
function allowedOutcomes(shape: Shape, { passes, signed }: AppliedPolicy): readonly string[] {
	if (shape.kind === "malformed") return ["ARTIFACT_MALFORMED"];
	if (shape.kind === "revocation") return [REVOKED];
	if (shape.kind === "other version") return ["ARTIFACT_VERSION_UNSUPPORTED"];
	if (!shape.isHashRight) return ["ARTIFACT_DIGEST_MISMATCH"];
	if (!shape.hasSignature) return ["ARTIFACT_SIGNATURE_MISSING"];
	if (!signed.has(shape.text)) return ["ARTIFACT_SIGNATURE_INVALID"];
	// Its signature may still be a damaged one, or that of another artifact.
	if (passes.has(shape.text)) return [ACCEPTED, "ARTIFACT_SIGNATURE_INVALID"];
	return REFUSALS_BY_POLICY;
}

/** Asserts that an error is a refusal as the contract has it, and gives its code. */
export function codeOf(error: unknown): string {
	if (!(error instanceof ArtifactError)) {
		throw new AssertionError({ message: `it threw what is no ArtifactError: ${describe(error)}` });
	}
	ok(REFUSALS.includes(error.code), `the code ${error.code} is not one for bodies`);
	strictEqual(error.retryable, false);
	strictEqual(error.problem !== undefined, error.code === "ARTIFACT_MALFORMED", "problem and code disagree");
	// A cause would end up in somebody's log, and the engine's own messages quote the body.
	strictEqual(error.cause, undefined, "the error has a cause");
	assertPrintable(error.message, MAX_MESSAGE);
	return error.code;
}

function assertRevocation(revocation: Revocation): void {
	const { revokedAtMs = 0, packedAtMs = 0, identity, environment, revision } = revocation;
	ok(Number.isFinite(revokedAtMs) && Number.isFinite(packedAtMs), "a revocation's date is no number");
	for (const text of [identity, environment, revision]) assertPrintable(text ?? "", MAX_NAME);
}

/** Asserts that what was accepted is, field by field, one of the genuine artifacts that pass this policy. */
function assertGenuine(verified: VerifiedArtifact, { passes, fingerprints }: AppliedPolicy): void {
	const { header, encryption } = verified;
	const envelope = encryption.kind === "kms" ? encryption.envelope : undefined;
	const text = signingText({ ...header, envelope });
	const seed = passes.get(text);
	if (seed === undefined) {
		throw new AssertionError({ message: `it accepted what nobody signed: ${JSON.stringify(text)}` });
	}
	strictEqual(verified.signedBy, fingerprints[seed.signedBy], "another key is said to have signed");
	strictEqual(verified.payloadDigest, createHash("sha256").update(text).digest("hex"));
	strictEqual(header.packedAtMs, Date.parse(header.packedAt));
	strictEqual(header.expiresAtMs, header.expiresAt && Date.parse(header.expiresAt));
	const ciphertext = Buffer.from(verified.ciphertext).toString("base64");
	strictEqual(
		createHash("sha256").update(ciphertext).digest("hex"),
		seed.ciphertextHash,
		"another ciphertext",
	);
}

function describe(error: unknown): string {
	return error instanceof Error ? String(error.stack) : String(error);
}
