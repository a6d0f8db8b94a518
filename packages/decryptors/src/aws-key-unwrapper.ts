import type { DecryptCommand, DecryptCommandOutput, KMSClient, KMSClientConfig } from "@aws-sdk/client-kms";
import { parseKmsKeyId } from "@clef-sh/artifact";
import { awsRefusal, noCredentials, noRegion } from "./aws-refusal.js";
import { DecryptError } from "./decrypt-error.js";
import type { KeyUnwrapper, WrappedKey } from "./key-unwrapper.js";
import { retryUnwrap, type UnwrapPace } from "./retry-unwrap.js";

/** What is used of the SDK's `KMSClient`, so that one with its own settings can be handed in. */
export interface AwsKmsClientLike {
	send(
		command: DecryptCommand,
		options: { readonly abortSignal: AbortSignal },
	): Promise<Pick<DecryptCommandOutput, "Plaintext">>;
}

/** Where the outside comes in; tests hand in their own. */
export interface AwsEdge {
	readonly pace?: UnwrapPace;
}

type Sdk = typeof import("@aws-sdk/client-kms");

const ALGORITHMS = ["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] as const;
const NODE_WARNING_OFF = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/**
 * Unwraps data keys with AWS KMS's Decrypt.
 *
 * The region is that of the key's ARN, else the SDK's own; credentials are found as the SDK finds them, and looked
 * for anew after KMS refused them. A client that is handed in is used for every key, whatever its region.
 */
export class AwsKeyUnwrapper implements KeyUnwrapper {
	readonly #given: AwsKmsClientLike | undefined;
	readonly #pace: UnwrapPace | undefined;
	readonly #clients = new Map<string | undefined, KMSClient>();

	/** Loads the SDK at the first unwrap. */
	constructor(given?: AwsKmsClientLike, edge: AwsEdge = {}) {
		this.#given = given;
		this.#pace = edge.pace;
	}

	async unwrap(key: WrappedKey, signal: AbortSignal): Promise<Uint8Array> {
		const parsed = parseKmsKeyId("aws", key.keyId);
		if (parsed === undefined) throw foreign();
		const { region } = parsed;
		const sdk = await import("@aws-sdk/client-kms");
		const attempt = (within: AbortSignal): Promise<Uint8Array> => this.#attempt(sdk, key, region, within);
		return retryUnwrap("AWS KMS", attempt, signal, this.#pace);
	}

	async #attempt(
		sdk: Sdk,
		key: WrappedKey,
		region: string | undefined,
		abortSignal: AbortSignal,
	): Promise<Uint8Array> {
		const client = this.#given ?? (await this.#connect(sdk, region));
		const command = new sdk.DecryptCommand({
			KeyId: key.keyId,
			CiphertextBlob: key.wrappedKey,
			EncryptionAlgorithm: ALGORITHMS.find((name) => name === key.algorithm) ?? ALGORITHMS[0],
		});
		const { Plaintext } = await client.send(command, { abortSignal }).catch((thrown: unknown) => {
			const { error, credentialsRefused } = awsRefusal(thrown, key.keyId);
			if (credentialsRefused) this.#clients.delete(region);
			throw error;
		});
		if (Plaintext === undefined) throw keyless();
		return Plaintext;
	}

	/** The client for a region, once the SDK knows that region and has credentials. */
	async #connect(sdk: Sdk, region: string | undefined): Promise<KMSClient> {
		const client = this.#clients.get(region) ?? clientFor(sdk, region);
		await client.config.region().catch(() => {
			throw noRegion();
		});
		await client.config.credentials().catch((thrown: unknown) => {
			throw noCredentials(thrown);
		});
		this.#clients.set(region, client);
		return client;
	}
}

/** The SDK warns on the console where it is given no logger; what matters is thrown, and said in our own words. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
	// See above.
}

/** Makes a client without the warning that the SDK will not support this Node for ever; it looks only now. */
function clientFor(sdk: Sdk, region: string | undefined): KMSClient {
	const config = {
		maxAttempts: 1,
		logger: SILENT,
		// Credential files are read again when a client is made again: they may have been renewed.
		ignoreCache: true,
		...(region !== undefined && { region }),
	};
	const before = process.env[NODE_WARNING_OFF];
	process.env[NODE_WARNING_OFF] = "true";
	try {
		return new sdk.KMSClient(config satisfies KMSClientConfig & { ignoreCache: boolean });
	} finally {
		if (before === undefined) delete process.env[NODE_WARNING_OFF];
		else process.env[NODE_WARNING_OFF] = before;
	}
}

function foreign(): DecryptError {
	// The id is not shown: it is no key id, so nobody knows what it is.
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		"The envelope's key id is not one of AWS KMS (an ARN, a key id or alias/NAME); pack the secrets again.",
	);
}

function keyless(): DecryptError {
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		"AWS KMS answered without a data key; check AWS_ENDPOINT_URL_KMS.",
	);
}
