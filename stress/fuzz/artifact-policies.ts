import {
	importTrustedKey,
	parseArtifact,
	type TrustedKey,
	TrustFloor,
	type VerificationPolicy,
	verifyArtifact,
} from "@clef-sh/artifact";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import type { ArtifactSeed, SignedBy } from "./artifact-seeds.js";

/** A policy, the moment it is applied at, and which of the genuine artifacts pass it. */
export interface AppliedPolicy {
	readonly name: string;
	readonly policy: VerificationPolicy;
	readonly nowMs: number;
	/** What the policy's keys have signed, whether it passes or not. */
	readonly signed: ReadonlySet<string>;
	/** By what their signatures cover. */
	readonly passes: ReadonlyMap<string, ArtifactSeed>;
	/** Fingerprints of the keys in the policy. */
	readonly fingerprints: Readonly<Record<string, string>>;
}

/** A policy in plain words: enough to tell, without the code under test, which artifact passes. */
interface Rules {
	readonly name: string;
	readonly keys: readonly SignedBy[];
	readonly identity?: string;
	readonly environment?: string;
	readonly nowMs?: number;
	readonly revokedAt?: string;
	/** The name of the artifact that was taken into use before. */
	readonly held?: string;
}

const NOW_MS = Date.parse("2026-11-22T04:30:00.000Z");
const TOLERANCE_MS = 300_000;
const BOTH: readonly SignedBy[] = ["ed25519", "ecdsa"];

const RULES: readonly Rules[] = [
	{ name: "both keys", keys: BOTH },
	{ name: "the Ed25519 key", keys: ["ed25519"] },
	{ name: "the ECDSA key", keys: ["ecdsa"] },
	{ name: "one subject", keys: BOTH, identity: "api-gateway", environment: "production" },
	{ name: "an identity nobody packs for", keys: BOTH, identity: "nobody\u2028\u0007" },
	{ name: "years later", keys: BOTH, nowMs: Date.parse("2090-01-01T00:00:00Z") },
	{ name: "a clock that is behind", keys: BOTH, nowMs: Date.parse("2025-06-01T00:00:00Z") },
	{ name: "one held", keys: BOTH, held: "signed" },
	{ name: "the newest held", keys: BOTH, held: "gcp envelope, by ed25519" },
	{ name: "after a revocation", keys: BOTH, revokedAt: "2026-11-22T04:28:23.860Z" },
];

/** Every policy that mutated artifacts are put through; all of them trust some key. */
export function appliedPolicies(seeds: readonly ArtifactSeed[]): readonly AppliedPolicy[] {
	const keys = {
		ed25519: importTrustedKey(vectorKeys.ed25519PublicKey),
		ecdsa: importTrustedKey(vectorKeys.ecdsaPublicKey),
	};
	const fingerprints = { ed25519: keys.ed25519.fingerprint, ecdsa: keys.ecdsa.fingerprint };
	return RULES.map((rules) => {
		const held = seeds.find(({ name }) => name === rules.held);
		const nowMs = rules.nowMs ?? NOW_MS;
		const passing = seeds.filter((seed) => isAllowed(seed, rules, nowMs, held));
		return {
			name: rules.name,
			policy: {
				...(rules.identity === undefined ? {} : { identity: rules.identity }),
				...(rules.environment === undefined ? {} : { environment: rules.environment }),
				trustedKeys: trusted(keys, rules),
				floor: floorOf(rules, held, trusted(keys, rules)),
			},
			nowMs,
			signed: new Set(seeds.filter(({ signedBy }) => rules.keys.includes(signedBy)).map(({ text }) => text)),
			passes: new Map(passing.map((seed) => [seed.text, seed])),
			fingerprints,
		};
	});
}

function trusted(
	keys: Readonly<Record<"ed25519" | "ecdsa", TrustedKey>>,
	rules: Rules,
): readonly TrustedKey[] {
	return Object.entries(keys)
		.filter(([name]) => rules.keys.some((key) => key === name))
		.map(([, key]) => key);
}

/** The contract's words, each on its own line. */
function isAllowed(seed: ArtifactSeed, rules: Rules, nowMs: number, held: ArtifactSeed | undefined): boolean {
	const { fields, signedBy } = seed;
	const packedAtMs = dateOf(seed, "packedAt");
	const isHeldToFloor = held !== undefined && held.signedBy === signedBy;
	return (
		rules.keys.includes(signedBy) &&
		(rules.identity ?? fields.identity) === fields.identity &&
		(rules.environment ?? fields.environment) === fields.environment &&
		packedAtMs <= nowMs + TOLERANCE_MS &&
		!(fields.expiresAt !== undefined && nowMs >= dateOf(seed, "expiresAt")) &&
		!(rules.revokedAt !== undefined && packedAtMs <= Date.parse(rules.revokedAt)) &&
		!(isHeldToFloor && held.fields.revision === fields.revision && held.text !== seed.text) &&
		!(isHeldToFloor && packedAtMs < dateOf(held, "packedAt"))
	);
}

function dateOf({ fields }: ArtifactSeed, name: string): number {
	return Date.parse(String(fields[name]));
}

function floorOf(
	{ revokedAt }: Rules,
	held: ArtifactSeed | undefined,
	trustedKeys: readonly TrustedKey[],
): TrustFloor {
	const floor = new TrustFloor();
	if (revokedAt !== undefined) {
		floor.revoke({ kind: "revocation", revokedAtMs: Date.parse(revokedAt) }, NOW_MS);
	}
	if (held === undefined) return floor;
	const artifact = parseArtifact(held.bytes);
	if (artifact.kind === "revocation") throw new TypeError("A revocation cannot be held.");
	floor.raise(verifyArtifact(artifact, { trustedKeys, floor: new TrustFloor() }, NOW_MS));
	return floor;
}
