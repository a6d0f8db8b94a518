import type { KmsProvider } from "@clef-sh/artifact";
import { AgeDecryptor } from "./age-decryptor.js";
import { type AgeIdentitySource, AgeKeyFile } from "./age-key-file.js";
import { AgeKeyring } from "./age-keyring.js";
import type { AwsKmsClientLike } from "./aws-key-unwrapper.js";
import type { AzureOptions } from "./azure-key-unwrapper.js";
import { DecryptError } from "./decrypt-error.js";
import type { Decryptor } from "./decryptor.js";
import type { GcpOptions } from "./gcp-key-unwrapper.js";
import type { KeyUnwrapper } from "./key-unwrapper.js";
import { UNWRAP_PACE, type UnwrapAttempt, type UnwrapPace } from "./retry-unwrap.js";

/** The keys a decryptor may use. */
export interface DecryptorOptions {
	/**
	 * The content of an age key file: one or more `AGE-SECRET-KEY-…` lines, comments allowed. Where the file may be
	 * rotated, a function that gives its present content.
	 */
	readonly ageIdentities?: string | AgeIdentitySource;
	/** What such a function gave when it was last asked; opens artifacts while the function itself fails. */
	readonly initialAgeIdentities?: string;
	/** Clients and credentials for envelopes; by default each platform's own, found when the first envelope comes. */
	readonly kms?: KmsOptions;
	/** Told after each call of a KMS, retries included. */
	readonly onKmsCall?: (call: KmsCall) => void;
}

/** One call of a KMS, for whoever counts them. */
export interface KmsCall extends UnwrapAttempt {
	readonly provider: KmsProvider;
}

/** What to reach the KMSes with instead of what their SDKs find by themselves. */
export interface KmsOptions {
	/** A `KMSClient` of the AWS SDK; it is used for every key, whatever its region. */
	readonly aws?: AwsKmsClientLike;
	readonly gcp?: GcpOptions;
	readonly azure?: AzureOptions;
}

interface Edge {
	readonly pace: UnwrapPace;
}

/** Loaded when the first envelope of a provider comes: an agent of age artifacts needs none of it. */
const UNWRAPPERS: Readonly<Record<KmsProvider, (options: KmsOptions, edge: Edge) => Promise<KeyUnwrapper>>> =
	{
		aws: async ({ aws }, edge) => new (await import("./aws-key-unwrapper.js")).AwsKeyUnwrapper(aws, edge),
		gcp: async ({ gcp }, edge) => new (await import("./gcp-key-unwrapper.js")).GcpKeyUnwrapper(gcp, edge),
		azure: async ({ azure }, edge) =>
			new (await import("./azure-key-unwrapper.js")).AzureKeyUnwrapper(azure, edge),
	};

/**
 * Makes the decryptor that picks its way by how each artifact is sealed.
 *
 * Throws `DECRYPT_NO_IDENTITY` at once when the age key is not one. Without an age key, age artifacts are
 * refused with the same code when they arrive. The SDK of a KMS is loaded when its first envelope arrives.
 */
export function createDecryptor(options: DecryptorOptions): Decryptor {
	const age = ageDecryptor(options);
	const kms = kmsDecryptors(options);
	return {
		get credentialProblem() {
			return age?.credentialProblem;
		},
		async decrypt(artifact, signal) {
			const { encryption } = artifact;
			if (encryption.kind === "kms") {
				return (await kms(encryption.envelope.provider)).decrypt(artifact, signal);
			}
			if (age === undefined) throw keyless();
			return age.decrypt(artifact, signal);
		},
	};
}

/** One decryptor for each KMS that is met, as each keeps its connections and credentials. */
function kmsDecryptors({
	kms = {},
	onKmsCall,
}: DecryptorOptions): (provider: KmsProvider) => Promise<Decryptor> {
	const made = new Map<KmsProvider, Promise<Decryptor>>();
	const make = async (provider: KmsProvider): Promise<Decryptor> => {
		const { EnvelopeDecryptor } = await import("./envelope-decryptor.js");
		const onAttempt = (attempt: UnwrapAttempt): void => onKmsCall?.({ provider, ...attempt });
		return new EnvelopeDecryptor(await UNWRAPPERS[provider](kms, { pace: { ...UNWRAP_PACE, onAttempt } }));
	};
	return (provider) => {
		const decryptor = made.get(provider) ?? make(provider);
		made.set(provider, decryptor);
		return decryptor;
	};
}

function ageDecryptor({ ageIdentities, initialAgeIdentities }: DecryptorOptions): AgeDecryptor | undefined {
	if (ageIdentities === undefined) return undefined;
	return new AgeDecryptor(
		typeof ageIdentities === "string"
			? new AgeKeyring(ageIdentities)
			: new AgeKeyFile(ageIdentities, initialAgeIdentities),
	);
}

function keyless(): DecryptError {
	return new DecryptError(
		"DECRYPT_NO_IDENTITY",
		"The artifact is encrypted with age but no age identity is configured; set CLEF_AGENT_AGE_KEY or CLEF_AGENT_AGE_KEY_FILE.",
	);
}
