import { generateKeyPairSync } from "node:crypto";

/** A new age key pair: the identity is secret, the recipient is what others encrypt to. */
export interface AgeKeyPair {
	/** `AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`. */
	readonly identity: string;
	/** `age1…` or `age1pq1…`. */
	readonly recipient: string;
}

/** A new Ed25519 key pair for signing artifacts. */
export interface SigningKeyPair {
	/** PKCS#8 in PEM, secret; what `packArtifact` takes as `signingKey`. */
	readonly privateKey: string;
	/** SPKI in DER as base64; what an agent takes as CLEF_AGENT_VERIFY_KEY. */
	readonly publicKey: string;
}

/** Makes an age key pair, X25519 or (slower, larger, safe against quantum computers) ML-KEM-768 with X25519. */
export async function generateAgeIdentity(options: { readonly postQuantum: boolean }): Promise<AgeKeyPair> {
	const age = await import("age-encryption");
	const identity = await (options.postQuantum ? age.generateHybridIdentity() : age.generateX25519Identity());
	return { identity, recipient: await age.identityToRecipient(identity) };
}

/** Makes a key pair whose private half signs artifacts and whose public half agents verify with. */
export function generateSigningKey(): SigningKeyPair {
	const { privateKey, publicKey } = generateKeyPairSync("ed25519");
	return {
		privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
		publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
	};
}
